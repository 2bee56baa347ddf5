"""What a shell remembers: variables, functions, aliases, and what was written to files."""

from automation.engine.guard.call import Call
from automation.engine.guard.code import is_interpreter
from automation.engine.guard.inner import SHELLS
from automation.engine.guard.outputs import output_of
from automation.engine.guard.parsing import Node
from automation.engine.guard.paths import normal
from automation.engine.guard.words import ANY, Values, Words, unique
from automation.engine.guard.written import written

_SPLIT = "\x1f"
_DOWNLOADS = frozenset(("curl", "wget", "scp", "rsync", "ftp", "sftp", "nc", "base64", "openssl"))


class Memory:
    """The state of one shell. ``maybe`` is above 0 where nobody can tell whether a part runs."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.functions: dict[str, Node] = {}
        self.aliases: dict[str, str] = {}
        self.files: dict[str, Values] = {}
        self.traps: list[str] = []
        self.maybe = 0

    @property
    def at(self) -> Values:
        """The folders that the shell may be in."""
        return self.words.variables.get("PWD", (ANY,)) or (ANY,)

    def set(self, name: str, values: Values) -> None:
        """Set a variable; its old values stay possible where the part may not run."""
        old = self.words.variables.get(name, ()) if self.maybe else ()
        self.words.variables[name] = unique((*old, *values))

    def set_parameters(self, parameters: tuple[str, ...]) -> None:
        """Set ``$0``, ``$1``, ... and what stands for all of them."""
        names = {str(number): (one,) for number, one in enumerate(parameters)}
        self.words.variables |= names
        rest = _SPLIT.join(parameters[1:])
        self.words.variables |= {"@": (rest,), "*": (rest,)}

    def take_effect(self, call: Call) -> list[str]:  # noqa: C901 - one case a builtin
        """Do to the shell what a builtin does to it; return the texts that it reads then."""
        match call.name:
            case "cd" | "pushd":
                target = next(iter(call.operands), "~")
                self.set("PWD", (ANY if target == "-" else normal(target, call.at),))
            case "shift":
                self._shift(int(next((one for one in call.operands if one.isdecimal()), "1")))
            case "set" if "--" in call.args:
                self.set_parameters(("sh", *call.operands))
            case "read" | "mapfile" | "readarray":
                for name in call.operands:
                    lines = (line for one in call.stdin or (ANY,) for line in one.split("\n"))
                    self.set(name, unique(lines))
            case "printf" if call.values("-v"):
                made = Call(name="printf", args=call.args[2:])
                self.set(call.values("-v")[0], output_of(made))
            case "trap":
                self.traps += call.operands[:1]
            case "unset":
                for name in call.operands:
                    self.words.variables[name] = ("",)
            case "alias":
                given = [one.partition("=") for one in call.operands]
                self.aliases |= {name: value for name, equals, value in given if equals}
            case "source" | ".":
                return [text for path in call.operands[:1] for text in self._text_of(path, call)]
            case "cp" | "mv" | "ln":
                self._copy(call)
            case "tee" | "dd":
                for path in written(call):
                    self.files[path] = call.stdin or (ANY,)
            case name if name in _DOWNLOADS:
                self.files |= dict.fromkeys(written(call), (ANY,))
            case name if name in SHELLS or is_interpreter(name):
                path = (*call.operands, "")[0]
                known = self.files.get(path, self.files.get(call.path(path), ()))
                return list(known)
            case _:
                pass
        return []

    def _copy(self, call: Call) -> None:
        for source in call.paths[:-1]:
            if source in self.files:
                self.files |= dict.fromkeys(written(call), self.files[source])

    def _text_of(self, path: str, call: Call) -> Values:
        unknown = call.stdin or (ANY,) if path in ("/dev/stdin", "/dev/fd/0") else ()
        return self.files.get(path, self.files.get(call.path(path), unknown))

    def _shift(self, count: int) -> None:
        values = self.words.variables.get("@", ())
        left = [value.split(_SPLIT)[count:] for value in values]
        for number in range(9 if values else 0):
            self.set(str(number + 1), tuple(["", *one[number:]][len(one) > number] for one in left))
        if values:
            self.set("@", tuple(_SPLIT.join(one) for one in left))
