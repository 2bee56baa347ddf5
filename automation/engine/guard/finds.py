"""Reads the words of find: where it begins, what it chooses by, what it does with it."""

from dataclasses import dataclass

from automation.engine.guard.call import Call
from automation.engine.guard.names import names

_VALUED = frozenset(
    names(
        """
    -name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -type -xtype
    -fstype -maxdepth -mindepth -regextype -printf -fprint -fprint0 -fls -samefile -context
    -used -links -D -files0-from -mtime -mmin -atime -amin -ctime -cmin -user -group -newer
    -anewer -cnewer -newermt -newerct -newerat -size -perm -uid -gid -inum
    """
    )
)
_RUNS = ("-exec", "-execdir", "-ok", "-okdir")
_CHOICES = frozenset(
    names(
        """
    -mtime -mmin -atime -amin -ctime -cmin -user -group -newer -anewer -cnewer -newermt -newerct
    -newerat -size -perm -empty -nouser -nogroup -uid -gid -inum -samefile -links
    """
    )
)
_BY_NAME = frozenset(
    names(
        """
    -name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname
    """
    )
)


@dataclass(frozen=True, kw_only=True)
class Search:
    """One find: ``starts`` are paths, ``tests`` pairs of a test or action and its value."""

    starts: tuple[str, ...]
    tests: tuple[tuple[str, str], ...]
    runs: tuple[tuple[str, ...], ...]
    """The words of each ``-exec`` and its like, with ``{}`` in them."""

    @property
    def is_choosy(self) -> bool:
        """Whether it chooses by more than the kind of file."""
        return any(
            name in _CHOICES or (name in _BY_NAME and value.strip("*?./"))
            for name, value in self.tests
        )

    @property
    def deletes(self) -> bool:
        """Whether it removes what it finds by itself."""
        return any(name == "-delete" for name, _ in self.tests)

    @property
    def written(self) -> tuple[str, ...]:
        """Return the files that it writes its findings to."""
        return tuple(
            value for name, value in self.tests if name.startswith(("-fprint", "-fls")) and value
        )


def search(call: Call) -> Search:
    """Return what a find is told; a value is never taken for an action."""
    args = [one for one in call.args if one not in ("-H", "-L", "-P")]
    first = next((n for n, one in enumerate(args) if one[:1] in ("-", "(", "!")), len(args))
    tests: list[tuple[str, str]] = []
    runs: list[tuple[str, ...]] = []
    starts = list(args[:first])
    at = first
    while at < len(args):
        word = args[at]
        following = args[at + 1 : at + 2]
        if word in _RUNS:
            rest = args[at + 1 :]
            end = next((n for n, one in enumerate(rest) if one in (";", "+")), len(rest))
            runs.append(tuple(rest[:end]))
            at += end + 2
        elif word == "-fprintf":
            tests.append((word, "".join(following)))
            at += 3
        elif word in _VALUED:
            tests.append((word, "".join(following)))
            at += 2
        else:
            tests.append((word, ""))
            at += 1
    return Search(
        starts=tuple(map(call.path, starts)) or (call.at,), tests=tuple(tests), runs=tuple(runs)
    )
