"""Goes through a shell text as a shell would, and shows a judge each program that it may start."""

import fnmatch
import itertools
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any

from automation.engine.guard.bombs import forks, is_endless
from automation.engine.guard.call import Call
from automation.engine.guard.decision import Refused, Severity, refusal
from automation.engine.guard.inner import Inner, inner
from automation.engine.guard.memory import Memory
from automation.engine.guard.names import names
from automation.engine.guard.outputs import SECRET, output_of
from automation.engine.guard.parsing import Node, Unreadable, parse
from automation.engine.guard.paths import is_secret, normal
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
_SPACE = re.compile(r"\s")
_FORKS = "It starts itself over and over until the server can start nothing more."


class Shell:
    """One shell in mind. ``judge`` raises ``Refused`` for a call that must not be.

    What can't be told is refused too. ``programs`` are the names that a wildcard in a program's
    name is compared with.
    """

    def __init__(self, judge: Callable[[Call], None], *, programs: Iterable[str]) -> None:
        self._judge = judge
        self._programs = tuple(programs)
        self._unsure = 0
        self._words = Words(self._substituted)
        self._memory = Memory(self._words)
        self._depth = 0
        self._calls = 0

    def read(
        self, text: str, parameters: tuple[str, ...] = (), stdin: Values | None = None
    ) -> Values:
        """Go through a text and return what it may print; raises ``Refused``."""
        if text.startswith(ANY):
            sentence = "Nobody can tell what the shell would be given."
            raise Refused(refusal("UNKNOWN_TEXT", Severity.OPAQUE, sentence, text))
        if self._depth > _DEEPEST:
            raise _too_deep(text)
        try:
            tree = parse(text.replace(ANY, "${OPSMANAGER_UNKNOWN}"))
        except Unreadable as error:
            self._opaque("UNREADABLE", f"It can't be read as shell. {error}", text)
            return (ANY,)
        kept = dict(self._words.variables)
        if parameters:
            self._memory.set_parameters(parameters)
        self._words.variables["OPSMANAGER_UNKNOWN"] = (ANY,)
        self._depth += 1
        printed = self._statements(tree.get("Stmts", []), stdin)
        while self._depth == 1 and self._memory.traps:
            # A trap is sprung when the rest has run, with what is set then.
            self.read(self._memory.traps.pop())
        self._depth -= 1
        if self._depth:
            self._words.variables |= {key: kept[key] for key in ("PWD", "@", "*") if key in kept}
        return printed

    def _opaque(self, rule: str, sentence: str, part: str) -> None:
        if not self._unsure:
            raise Refused(refusal(rule, Severity.OPAQUE, sentence, part))

    def _statements(self, statements: list[Node], stdin: Values | None) -> Values:
        printed = [self._statement(one, stdin) for one in statements]
        return unique("".join(one) for one in itertools.islice(itertools.product(*printed), MOST))

    def _statement(self, statement: Node, stdin: Values | None) -> Values:
        redirections = statement.get("Redirs", [])
        for redirection in redirections:
            stdin = self._redirected(redirection, stdin)
        command = statement.get("Cmd")
        printed = self._command(command, stdin) if command else ("",)
        for one in redirections:
            if one["Op"] in _WRITES:
                for target in self._words.text(one.get("Word")):
                    old = self._memory.files.get(target, ())
                    self._memory.files[target] = unique((*old, *printed))
        return printed

    def _redirected(self, redirection: Node, stdin: Values | None) -> Values | None:
        """Show a redirection that writes; return what the command may read then."""
        operator = redirection["Op"]
        targets = self._words.text(redirection.get("Hdoc") or redirection.get("Word"))
        if operator in _WRITES or operator == ">&":
            for target in targets:
                if not re.fullmatch(r"\d+-?|-", target):
                    self._judge(Call(name=">", args=(target,), at=self._memory.at[0]))
        if operator == "<":
            return unique(itertools.chain(*map(self._text_of, targets)))
        return tuple(f"{one}\n" for one in targets) if operator.startswith("<<") else stdin

    def _text_of(self, path: str) -> Values:
        """Return what reading a file gives."""
        known = self._memory.files.get(path)
        if known is None and is_secret(normal(path, self._memory.at[0])):
            return (f"{SECRET}{path}",)
        return known or (ANY,)

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
        if is_endless(command):
            raise Refused(refusal("FORK_BOMB", Severity.DENY, _FORKS, "while true"))
        self._memory.maybe += 1
        printed = self._within(command, stdin)
        self._memory.maybe -= 1
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
        self._memory.maybe += operator == "||"
        second = self._statement(command["Y"], stdin)
        self._memory.maybe -= operator == "||"
        return unique(one + other for one in first for other in second)

    def _loop(self, loop: Node) -> None:
        if loop["Type"] == "WordIter":
            items = loop.get("Items")
            values = [
                field for one in items or [] for many in self._words.fields(one) for field in many
            ]
            self._memory.set(loop["Name"]["Value"], unique(values) if items else (ANY,))
        else:
            self._within(loop, None)

    def _declared(self, command: Node) -> Values:
        name, body = command["Name"]["Value"], command["Body"]
        self._memory.functions[name] = body
        if forks(body, name):
            raise Refused(refusal("FORK_BOMB", Severity.DENY, _FORKS, name))
        return ("",)

    def _assign(self, assignments: list[Node]) -> None:
        for one in assignments:
            if "Name" not in one:
                self._words.text(one.get("Value"))
                continue
            name = one["Name"]["Value"]
            if "Array" in one:
                self._memory.set(name, self._words.array(one["Array"].get("Elems", [])))
            elif "Value" in one:
                values = self._words.text(one["Value"])
                old = self._words.variables.get(name, ("",)) if one.get("Append") else ("",)
                self._memory.set(name, unique(a + b for a in old for b in values))
                for value in values:
                    self._judge(Call(name="=", args=(name, value), at=self._memory.at[0]))
                    if name in _COMMANDS:
                        self.read(value)

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
        """Find out what words start, and go through it."""
        if not words:
            return ("",)
        self._calls += 1
        if self._calls > _MOST_CALLS:
            sentence = "It starts more programs than the guard can follow."
            raise Refused(refusal("TOO_MUCH", Severity.OPAQUE, sentence, words[0]))
        name = words[0].rpartition("/")[2]
        if _SPACE.search(words[0]):
            # No program has such a name: somebody quoted a whole command.
            return self._inside(Inner(text=" ".join(words), stdin=stdin, is_sure=False))
        if name.startswith("-") or not name:
            return ("",)
        self._read_file(words)
        if name in self._memory.aliases:
            return self._alias(name, words, stdin)
        if name in self._memory.functions:
            return self._function(name, words, stdin)
        if ANY in name or not name.isascii():
            self._opaque(
                "UNKNOWN_PROGRAM", "Nobody can tell which program it would run.", " ".join(words)
            )
            return (ANY,)
        if _GLOB.search(name) and len(name) > 1:
            for one in fnmatch.filter(self._programs, name):
                self._run((one, *words[1:]), stdin, at)
            return (ANY,)
        return self._started(name, words, stdin, at)

    def _read_file(self, words: tuple[str, ...]) -> None:
        """Go through the file that is run by its path, if this text wrote it."""
        if "/" in words[0]:
            for path in {words[0], normal(words[0], self._memory.at[0])}:
                for text in self._memory.files.get(path, ()):
                    self.read(text, words)

    def _started(
        self, name: str, words: tuple[str, ...], stdin: Values | None, at: str | None
    ) -> Values:
        """Show a program as it would be started, then what it starts itself."""
        printed: Values = ("",)
        for folder in (at,) if at else self._memory.at:
            call = Call(name=name, args=words[1:], stdin=stdin, at=folder, word=words[0])
            self._judge(call)
            for text in self._memory.take_effect(call):
                printed = unique((*printed, *self.read(text)))
            for started in inner(call):
                printed = unique((*printed, *self._inside(started)))
            printed = unique((*printed, *output_of(call)))
        return printed[1:] or ("",)

    def _inside(self, one: Inner) -> Values:
        self._depth += 1
        self._unsure += not one.is_sure
        if self._depth > 2 * _DEEPEST:
            raise _too_deep(" ".join(one.words) or one.text or "")
        if one.text is not None:
            printed = self.read(one.text, one.parameters, one.stdin)
        else:
            printed = self._run(one.words, one.stdin, one.at)
        self._unsure -= not one.is_sure
        self._depth -= 1
        return printed

    def _alias(self, name: str, words: tuple[str, ...], stdin: Values | None) -> Values:
        """Run what an alias stands for, which may begin with its own name."""
        text = self._memory.aliases.pop(name)
        printed = self.read(
            " ".join((text, *(one if ANY in one else shlex.quote(one) for one in words[1:]))),
            stdin=stdin,
        )
        self._memory.aliases[name] = text
        return printed

    def _function(self, name: str, words: tuple[str, ...], stdin: Values | None) -> Values:
        body = self._memory.functions.pop(name)
        kept = {key: self._words.variables.get(key) for key in ("@", "*", "1", "2", "3")}
        self._memory.set_parameters((self._words.variables["0"][0], *words[1:]))
        printed = self._statement(body, stdin)
        self._words.variables |= {key: value for key, value in kept.items() if value}
        self._memory.functions[name] = body
        return printed

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
        path = f"/dev/fd/{63 + len(self._memory.files)}"
        self._memory.files[path] = printed
        return (path,)


def _too_deep(part: str) -> Refused:
    sentence = "It runs programs inside programs, too deep to follow."
    return Refused(refusal("TOO_DEEP", Severity.OPAQUE, sentence, part))
