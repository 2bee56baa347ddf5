"""Works out what a word of a shell text may become: its quotes, braces and variables."""

import itertools
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from automation.engine.guard.parsing import Node

ANY = "\0"
"""Stands in a value for text that nobody knows; no command line can hold it itself."""
MOST = 64
"""So many values of a word are followed."""
_LONGEST = 16 * 1024
_SPLIT = "\x1f"
_QUOTED = "\x02"
_BRACES = str.maketrans("{,}", "\ue000\ue001\ue002")
_PLAIN = str.maketrans("\ue000\ue001\ue002", "{,}", _QUOTED)
_BRACE = re.compile("\ue000([^\ue000\ue002]*)\ue002")
_RANGE = re.compile(r"^(-?\d{1,4}|[A-Za-z])\.\.(-?\d{1,4}|[A-Za-z])$")
_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,4})|(.))", re.S
)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}

Values = tuple[str, ...]


def escapes(text: str) -> str:
    """Return a text with its backslash escapes read, as in ``$'…'`` and printf."""

    def read(match: re.Match[str]) -> str:
        hexadecimal = match[1] or match[2] or match[3]
        if hexadecimal or match[4]:
            number = int(hexadecimal, 16) if hexadecimal else int(match[4], 8)
            # A NUL ends an item where it stands in a list, and a word can't hold it.
            return chr(number % 0x110000) if number else "\n"
        return _NAMED.get(match[5], match[5])

    return _ESCAPE.sub(read, text)


class Words:
    """Evaluates words with the variables of one shell.

    ``variables`` maps names to possible values, an array's joined by spaces that split. ``output``
    runs the statements of a substitution in mind and returns what they may print.
    """

    def __init__(self, output: Callable[[Node], Values]) -> None:
        self.variables: dict[str, Values] = {
            "HOME": ("~",),
            "IFS": (" ",),
            "PWD": ("~",),
            "0": (ANY,),
            **dict.fromkeys(("$", "!", "?", "#", "UID", "EUID", "PPID", "RANDOM"), ("12345",)),
        }
        self._output = output

    def fields(self, word: Node) -> list[tuple[str, ...]]:
        """Return the lists of fields that a word may become."""
        found = dict.fromkeys(
            tuple(itertools.chain.from_iterable(_fields(one) for one in _braces(value)))
            for value in self._joined(word.get("Parts", []), quoted=False)
        )
        return list(found)

    def text(self, word: Node | None) -> Values:
        """Return what a word may be where it is not split: assignments, redirections."""
        values = self._joined((word or {}).get("Parts", []), quoted=False)
        return unique(value.translate(_PLAIN).replace(_SPLIT, " ") for value in values)

    def array(self, elements: Iterable[Node]) -> Values:
        """Return what an array of these words holds, to be split again."""
        fields = [self.fields(element.get("Value") or {}) for element in elements]
        return unique(
            _SPLIT.join(itertools.chain.from_iterable(one))
            for one in itertools.islice(itertools.product(*fields), MOST)
        )

    def _joined(self, parts: list[Node], *, quoted: bool) -> Values:
        values = [self._part(part, quoted=quoted) for part in parts]
        return unique("".join(one) for one in itertools.islice(itertools.product(*values), MOST))

    def _part(self, part: Node, *, quoted: bool) -> Values:
        match part["Type"]:
            case "Lit":
                return (_literal(part.get("Value", ""), quoted=quoted),)
            case "SglQuoted":
                value = part.get("Value", "")
                return (_QUOTED + (escapes(value) if part.get("Dollar") else value),)
            case "DblQuoted":
                inner = self._joined(part.get("Parts", []), quoted=True)
                return tuple(_QUOTED + value for value in inner)
            case "ParamExp":
                return self._split(self._parameter(part), quoted=quoted)
            case "CmdSubst" | "ProcSubst":
                return self._split(self._output(part), quoted=quoted)
            case "ExtGlob":
                return ("*",)
            case _:
                return self._output(part)

    def _parameter(self, part: Node) -> Values:
        name = part["Param"]["Value"]
        if "Index" in part:
            self._output({"Type": "Index", "Index": part["Index"]})
        values = self.variables.get(name, ("", ANY))
        if part.get("Excl") or part.get("Length"):
            named = (one for value in values for one in self.variables.get(value, ()))
            return unique((*(named if part.get("Excl") else ()), ANY))
        if "Slice" in part:
            return unique(_sliced(value, part["Slice"]) for value in values)
        if "Repl" in part:
            return self._replaced(values, part["Repl"])
        if "Exp" not in part:
            return values
        return self._expanded(name, values, part)

    def _expanded(self, name: str, values: Values, part: Node) -> Values:
        """Return what an operator such as ``:-`` or ``%%`` makes of a variable's values."""
        operator = part["Exp"]["Op"]
        word = self.text(part["Exp"].get("Word"))
        filled = tuple(value for value in values if value)
        match operator:
            case ":-" | "-" | ":=" | "=":
                values = unique((*filled, *(word if len(filled) < len(values) else ())))
                self.variables |= {name: values} if "=" in operator else {}
                return values
            case ":+" | "+":
                return unique((*word, ""))
            case ":?" | "?":
                return filled or (ANY,)
            case "#" | "##" | "%" | "%%":
                cuts = itertools.product(values, word)
                return unique(_cut(value, pattern, operator) for value, pattern in cuts)
            case _:
                return unique((*values, *map(str.lower, values), *map(str.upper, values)))

    def _split(self, values: Values, *, quoted: bool) -> Values:
        """Return the values with marks where the shell splits them."""
        if quoted:
            return values
        between = "[" + re.escape(" \t\n" + "".join(self.variables["IFS"]).replace(ANY, "")) + "]+"
        return tuple(re.sub(between, _SPLIT, value) for value in values)

    def _replaced(self, values: Values, replacement: Node) -> Values:
        pairs = itertools.product(
            values, self.text(replacement.get("Orig")), self.text(replacement.get("With"))
        )
        return unique(value.replace(old, new) if old else value for value, old, new in pairs)


def unique(values: Iterable[str]) -> Values:
    """Return the values once each, the first :data:`MOST` of them; too long a one is unknown."""
    fitting = (value if len(value) <= _LONGEST else ANY for value in values)
    return tuple(itertools.islice(dict.fromkeys(fitting), MOST))


def _literal(text: str, *, quoted: bool) -> str:
    text = text.replace("\\\n", "")
    if quoted:
        return re.sub(r'\\([$`"\\])', r"\1", text)
    pieces = re.split(r"\\(.)", text, flags=re.S)
    return "".join(
        _QUOTED + piece if number % 2 else piece.translate(_BRACES)
        for number, piece in enumerate(pieces)
    )


def _fields(value: str) -> list[str]:
    return [field.translate(_PLAIN) for field in value.split(_SPLIT) if field]


def _braces(value: str) -> list[str]:
    """Return what braces make of a value: one field after the other."""
    match = _BRACE.search(value)
    if not match:
        return [value]
    options = match[1].split("\ue001")
    span = _RANGE.match(match[1])
    if span:
        options = [span[1], span[2]]
    elif len(options) == 1:
        plain = match[0].translate(_PLAIN)
        return _braces(value[: match.start()] + plain + value[match.end() :])
    made = (_braces(value[: match.start()] + one + value[match.end() :]) for one in options)
    return list(itertools.islice(itertools.chain.from_iterable(made), MOST))


def _sliced(value: str, part: Node) -> str:
    try:
        start, length = (
            int(part[key]["Parts"][0]["Value"]) if key in part else None
            for key in ("Offset", "Length")
        )
    except (KeyError, ValueError, IndexError):
        return ANY
    if ANY in value:
        return ANY if length != 0 else ""
    begun = value[start:]
    return begun if length is None else begun[:length]


def _cut(value: str, pattern: str, operator: str) -> str:
    """Return a value without the beginning or end that the pattern matches."""
    if ANY in value or ANY in pattern:
        return ANY
    sizes = range(len(value) + 1)
    for size in reversed(sizes) if len(operator) == 2 else sizes:
        head, tail = value[:size], value[size:]
        if operator[0] == "#" and fnmatchcase(head, pattern):
            return tail
        head, tail = value[: len(value) - size], value[len(value) - size :]
        if operator[0] == "%" and fnmatchcase(tail, pattern):
            return head
    return value
