"""Goes through a shell text as a shell would, and shows a judge each program that it may start."""

import fnmatch
import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

from automation.engine.guard.call import Call
from automation.engine.guard.code import is_interpreter
from automation.engine.guard.decision import Refused, Severity, refusal
from automation.engine.guard.inner import SHELLS, Inner, inner
from automation.engine.guard.names import names
from automation.engine.guard.outputs import output_of
from automation.engine.guard.parsing import Node, Unreadable, parse
from automation.engine.guard.paths import normal
from automation.engine.guard.words import ANY, MOST, Values, Words, unique

_DEEPEST = 12
_MOST_CALLS = 5000
_WRITES = frozenset((">", ">>", ">|", "&>", "&>>", "<>"))
# Variables whose value a shell or a well-known program runs.
_COMMANDS = frozenset(
    names(
        """
    PROMPT_COMMAND PAGER GIT_PAGER EDITOR VISUAL GIT_EDITOR GIT_SSH_COMMAND GIT_SSH PS4
    LESSOPEN SUDO_ASKPASS SSH_ASKPASS GIT_ASKPASS RSYNC_RSH MANPAGER BROWSER
    """
    )
)
_GLOB = re.compile(r"[*?\[]")
_FORKS = "It starts itself over and over until the server can start nothing more."


class Shell:
    """One shell in mind. ``judge`` raises ``Refused`` for a call that must not be.

    ``programs`` are the names that a wildcard in a program's name is compared with; ``strict``
    refuses what can't be told.
    """

    def __init__(
        self, judge: Callable[[Call], None], *, programs: Iterable[str], strict: bool
    ) -> None:
        self._judge = judge
        self._programs = tuple(programs)
        self._strict = strict
        self._words = Words(self._substituted)
        self._functions: dict[str, Node] = {}
        self._files: dict[str, Values] = {}
        self._depth = 0
        self._maybe = 0
        self._calls = 0

    def read(self, text: str, parameters: tuple[str, ...] = ()) -> Values:
        """Go through a text and return what it may print; raises ``Refused``."""
        if text.startswith(ANY):
            self._opaque("UNKNOWN_TEXT", "Nobody can tell what the shell would be given.", text)
            return (ANY,)
        if self._depth > _DEEPEST:
            self._opaque("TOO_DEEP", "It runs shells inside shells, too deep to follow.", text)
            return (ANY,)
        try:
            tree = parse(text.replace(ANY, "${OPSMANAGER_UNKNOWN}"))
        except Unreadable as error:
            self._opaque("UNREADABLE", f"It can't be read as shell. {error}", text)
            return (ANY,)
        kept = dict(self._words.variables)
        if parameters:
            self._set_parameters(parameters)
        self._words.variables["OPSMANAGER_UNKNOWN"] = (ANY,)
        self._depth += 1
        printed = self._statements(tree.get("Stmts", []), None)
        self._depth -= 1
        if self._depth:
            self._words.variables |= {key: kept[key] for key in ("PWD", "@", "*") if key in kept}
        return printed

    def _opaque(self, rule: str, sentence: str, part: str) -> None:
        if self._strict:
            raise Refused(refusal(rule, Severity.OPAQUE, sentence, part))

    def _statements(self, statements: list[Node], stdin: Values | None) -> Values:
        printed = [self._statement(one, stdin) for one in statements]
        return unique("".join(one) for one in itertools.islice(itertools.product(*printed), MOST))

    def _statement(self, statement: Node, stdin: Values | None) -> Values:
        for redirection in statement.get("Redirs", []):
            stdin = self._redirected(redirection, stdin)
        command = statement.get("Cmd")
        return self._command(command, stdin) if command else ("",)

    def _redirected(self, redirection: Node, stdin: Values | None) -> Values | None:
        """Show a redirection that writes; return what the command may read then."""
        operator = redirection["Op"]
        targets = self._words.text(redirection.get("Hdoc") or redirection.get("Word"))
        if operator in _WRITES or operator == ">&":
            for target in targets:
                if not re.fullmatch(r"\d+-?|-", target):
                    self._show(Call(name=">", args=(target,), at=self._at[0]))
        if operator == "<":
            return unique(itertools.chain(*(self._files.get(one, (ANY,)) for one in targets)))
        return tuple(f"{one}\n" for one in targets) if operator.startswith("<<") else stdin

    @property
    def _at(self) -> Values:
        return self._words.variables.get("PWD", (ANY,)) or (ANY,)

    def _command(self, command: Node, stdin: Values | None) -> Values:
        match command["Type"]:
            case "CallExpr":
                return self._call(command, stdin)
            case "BinaryCmd":
                return self._binary(command, stdin)
            case "DeclClause":
                self._assign(command.get("Args", []))
            case "ForClause":
                self._loop(command["Loop"])
                return self._maybe_run(command, stdin)
            case "FuncDecl":
                return self._declared(command)
            case "Subshell":
                kept = dict(self._words.variables)
                printed = self._statements(command.get("Stmts", []), stdin)
                self._words.variables = kept
                return printed
            case "Block":
                return self._statements(command.get("Stmts", []), stdin)
            case _:
                return self._maybe_run(command, stdin)
        return ("",)

    def _maybe_run(self, command: Node, stdin: Values | None) -> Values:
        self._maybe += 1
        printed = self._within(command, stdin)
        self._maybe -= 1
        return printed

    def _within(self, node: Any, stdin: Values | None) -> Values:
        """Go through all statements and substitutions below a node, in their order."""
        printed: Values = ("",)
        if isinstance(node, list):
            for one in node:
                printed = unique((*printed, *self._within(one, stdin)))
        elif isinstance(node, dict):
            if "Cmd" in node or "Redirs" in node:
                return self._statement(node, stdin)
            if "Parts" in node:
                self._words.text(node)
            else:
                printed = self._within(list(node.values()), stdin)
        return printed

    def _binary(self, command: Node, stdin: Values | None) -> Values:
        operator = command["Op"]
        first = self._statement(command["X"], stdin)
        if operator in ("|", "|&"):
            return self._statement(command["Y"], first)
        self._maybe += operator == "||"
        second = self._statement(command["Y"], stdin)
        self._maybe -= operator == "||"
        return unique(one + other for one in first for other in second)

    def _loop(self, loop: Node) -> None:
        if loop["Type"] == "WordIter":
            items = loop.get("Items")
            values = [
                field for one in items or [] for many in self._words.fields(one) for field in many
            ]
            self._set(loop["Name"]["Value"], unique(values) if items else (ANY,))
        else:
            self._within(loop, None)

    def _declared(self, command: Node) -> Values:
        name, body = command["Name"]["Value"], command["Body"]
        self._functions[name] = body
        if _forks(body, name, is_apart=False):
            raise Refused(refusal("FORK_BOMB", Severity.DENY, _FORKS, name))
        return ("",)

    def _assign(self, assignments: list[Node]) -> None:
        for one in assignments:
            if "Name" not in one:
                self._words.text(one.get("Value"))
                continue
            name = one["Name"]["Value"]
            if "Array" in one:
                self._set(name, self._words.array(one["Array"].get("Elems", [])))
            elif "Value" in one:
                values = self._words.text(one["Value"])
                old = self._words.variables.get(name, ("",)) if one.get("Append") else ("",)
                self._set(name, unique(a + b for a in old for b in values))
                for value in values:
                    self._show(Call(name="=", args=(name, value), at=self._at[0]))
                    if name in _COMMANDS:
                        self.read(value)

    def _set(self, name: str, values: Values) -> None:
        old = self._words.variables.get(name, ()) if self._maybe else ()
        self._words.variables[name] = unique((*old, *values))

    def _set_parameters(self, parameters: tuple[str, ...]) -> None:
        names = {str(number): (one,) for number, one in enumerate(parameters)}
        self._words.variables |= names
        rest = "\x1f".join(parameters[1:])
        self._words.variables |= {"@": (rest,), "*": (rest,)}

    def _shift(self, count: int) -> None:
        values = self._words.variables.get("@", ())
        left = [value.split("\x1f")[count:] for value in values]
        for number in range(9 if values else 0):
            self._set(
                str(number + 1), tuple(["", *one[number:]][len(one) > number] for one in left)
            )
        if values:
            self._set("@", tuple("\x1f".join(one) for one in left))

    def _call(self, command: Node, stdin: Values | None) -> Values:
        self._assign(command.get("Assigns", []))
        choices = [self._words.fields(word) for word in command.get("Args", [])]
        printed: list[str] = []
        for words in itertools.islice(itertools.product(*choices), MOST):
            printed += self._run(tuple(itertools.chain(*words)), stdin)
        if len(choices) > 6:
            # Too many to try each with each: so that none is missed, all at once.
            every = itertools.chain(*(itertools.chain(*choice) for choice in choices))
            self._run(tuple(dict.fromkeys(every)), stdin)
        return unique(printed)

    def _run(self, words: tuple[str, ...], stdin: Values | None, at: str | None = None) -> Values:
        """Show a program as it would be started, then what it starts itself."""
        if not words:
            return ("",)
        self._calls += 1
        if self._calls > _MOST_CALLS:
            sentence = "It starts more programs than the guard can follow."
            raise Refused(refusal("TOO_MUCH", Severity.OPAQUE, sentence, words[0]))
        name = words[0].rpartition("/")[2]
        if name.startswith("-") or not name:
            return ("",)
        if ANY in name or not name.isascii():
            self._opaque(
                "UNKNOWN_PROGRAM", "Nobody can tell which program it would run.", " ".join(words)
            )
            return (ANY,)
        if _GLOB.search(name) and len(name) > 1:
            for one in fnmatch.filter(self._programs, name):
                self._run((one, *words[1:]), stdin, at)
            return (ANY,)
        if name in self._functions:
            return self._function(name, words, stdin)
        printed: Values = ("",)
        for folder in (at,) if at else self._at:
            call = Call(name=name, args=words[1:], stdin=stdin, at=folder, word=words[0])
            self._show(call)
            self._take_effect(call)
            for started in inner(call):
                printed = unique((*printed, *self._inside(started)))
            printed = unique((*printed, *output_of(call)))
        return printed[1:] or ("",)

    def _inside(self, one: Inner) -> Values:
        self._depth += 1
        if self._depth > 2 * _DEEPEST:
            self._opaque("TOO_DEEP", "It runs programs inside programs, too deep to follow.", "")
            printed: Values = (ANY,)
        elif one.text is not None:
            printed = self.read(one.text, one.parameters)
        else:
            printed = self._run(one.words, one.stdin, one.at)
        self._depth -= 1
        return printed

    def _function(self, name: str, words: tuple[str, ...], stdin: Values | None) -> Values:
        body = self._functions.pop(name)
        kept = {key: self._words.variables.get(key) for key in ("@", "*", "1", "2", "3")}
        self._set_parameters((self._words.variables["0"][0], *words[1:]))
        printed = self._statement(body, stdin)
        self._words.variables |= {key: value for key, value in kept.items() if value}
        self._functions[name] = body
        return printed

    def _show(self, call: Call) -> None:
        self._judge(call)

    def _take_effect(self, call: Call) -> None:  # noqa: C901 - one case a builtin
        """Do to this shell what a builtin does to it."""
        match call.name:
            case "cd" | "pushd":
                target = next(iter(call.operands), "~")
                self._set("PWD", (ANY if target == "-" else normal(target, call.at),))
            case "shift":
                self._shift(int(next((one for one in call.operands if one.isdecimal()), "1")))
            case "set" if "--" in call.args:
                self._set_parameters(("sh", *call.operands))
            case "read" | "mapfile" | "readarray":
                for name in call.operands:
                    self._set(
                        name,
                        unique(line for one in call.stdin or (ANY,) for line in one.split("\n")),
                    )
            case "printf" if call.values("-v"):
                made = Call(name="printf", args=call.args[2:])
                self._set(call.values("-v")[0], output_of(made))
            case "unset":
                for name in call.operands:
                    self._words.variables[name] = ("",)
            case "source" | ".":
                for path in call.operands[:1]:
                    texts = self._files.get(
                        path, call.stdin or (ANY,) if path == "/dev/stdin" else ()
                    )
                    for text in texts:
                        self.read(text)
            case name if name in SHELLS or is_interpreter(name):
                for text in self._files.get((*call.operands, "")[0], ()):
                    self.read(text)
            case _:
                pass

    def _substituted(self, part: Node) -> Values:
        """Return what a substitution may become; goes through its statements."""
        if part["Type"] not in ("CmdSubst", "ProcSubst"):
            self._within({key: value for key, value in part.items() if key != "Type"}, None)
            return (ANY,)
        kept = dict(self._words.variables)
        printed = self._statements(part.get("Stmts", []), None)
        self._words.variables = kept
        reads = [one for one in part.get("Stmts", []) if "Cmd" not in one]
        printed = (ANY,) if reads else tuple(one.rstrip("\n") for one in printed)
        if part["Type"] == "CmdSubst":
            return printed
        path = f"/dev/fd/{63 + len(self._files)}"
        self._files[path] = printed
        return (path,)


def _forks(node: Any, name: str, *, is_apart: bool) -> bool:
    """Whether a function's body starts the function again beside itself."""
    if isinstance(node, list):
        return any(_forks(one, name, is_apart=is_apart) for one in node)
    if not isinstance(node, dict):
        return False
    if node.get("Type") == "CallExpr" and is_apart:
        first = (node.get("Args") or [{}])[0].get("Parts", [{}])
        if [part.get("Value") for part in first] == [name]:
            return True
    apart = is_apart or bool(node.get("Background")) or node.get("Op") in ("|", "|&")
    return any(_forks(one, name, is_apart=apart) for one in node.values())
