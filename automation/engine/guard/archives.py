"""Reads the words of tar: what it unpacks where, what it writes, and what it removes."""

from dataclasses import dataclass, field

from automation.engine.guard.call import Call

_VALUED_LETTERS = "fCTXbgIKNVFHL"
_VALUED_NAMES = (
    "--file",
    "--directory",
    "--files-from",
    "--exclude",
    "--exclude-from",
    "--transform",
    "--strip-components",
    "--owner",
    "--group",
    "--mode",
    "--to-command",
    "--use-compress-program",
    "--checkpoint-action",
    "--listed-incremental",
    "--newer",
    "--suffix",
    "--index-file",
    "--format",
)
_LETTER = {"--file": "f", "--directory": "C", "--files-from": "T"}
_EXTRACTS = ("--extract", "--get")
_WRITES = ("--create", "--append", "--update", "--concatenate", "--catenate", "--delete")


@dataclass(kw_only=True)
class Archiving:
    """What one tar does."""

    flags: set[str] = field(default_factory=set)
    """Letters, and long names without their values."""
    archives: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    """Paths, each as seen from the folder that was named last before it."""
    folder: str = ""
    is_listed: bool = False
    """Whether a file names the members."""

    @property
    def extracts(self) -> bool:
        """Whether it writes files from an archive."""
        taken = "x" in self.flags or any(_is(one, _EXTRACTS) for one in self.flags)
        return taken and not ({"O", "--to-stdout"} & self.flags)

    @property
    def writes(self) -> bool:
        """Whether it writes an archive."""
        return bool(set("crAu") & self.flags) or any(_is(one, _WRITES) for one in self.flags)

    @property
    def removes(self) -> bool:
        """Whether it removes what it has packed."""
        return any(_is(one, ("--remove-files",)) for one in self.flags)


def archiving(call: Call) -> Archiving:
    """Return what a tar is told, in each of its three ways to write options."""
    done = Archiving(folder=call.at)
    words = list(call.args)
    if words and not words[0].startswith("-"):
        words[0] = f"-{words[0]}"
        bundled = True
    else:
        bundled = False
    while words:
        word = words.pop(0)
        if word.startswith("--") and len(word) > 2:
            name, equals, value = word.partition("=")
            full = next((one for one in _VALUED_NAMES if _is(name, (one,))), "")
            if full and not equals:
                value = words.pop(0) if words else ""
            done.flags.add(full or name)
            _take(done, _LETTER.get(full, ""), value)
        elif word.startswith("-") and len(word) > 1:
            _letters(done, word[1:], words, bundled=bundled)
        else:
            at = Call(name="tar", at=done.folder)
            done.members.append(at.path(word))
        bundled = False
    return done


def _letters(done: Archiving, letters: str, words: list[str], *, bundled: bool) -> None:
    for number, letter in enumerate(letters):
        done.flags.add(letter)
        if letter in _VALUED_LETTERS:
            joined = "" if bundled else letters[number + 1 :]
            value = joined or (words.pop(0) if words else "")
            _take(done, letter, value)
            if not bundled:
                return


def _take(done: Archiving, letter: str, value: str) -> None:
    match letter:
        case "f" if value != "-":
            done.archives.append(Call(name="tar", at=done.folder).path(value))
        case "C":
            done.folder = Call(name="tar", at=done.folder).path(value)
        case "T":
            done.is_listed = True
        case _:
            pass


def _is(given: str, full: tuple[str, ...]) -> bool:
    return len(given) > 4 and any(one.startswith(given) for one in full)
