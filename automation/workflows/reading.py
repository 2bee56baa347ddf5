"""Reading workflows that people or programs wrote, and writing them down again.

YAML is read as YAML 1.2 has it: ``on`` and ``no`` are texts, ``012`` and dates are, too. It may
hold no anchors, aliases and tags, so that a short text stays small, and no key twice.
"""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from math import inf
from typing import Any, Final

import yaml
from pydantic import ValidationError

from automation.engine.sentences import sentence_for
from automation.workflows.definition import Definition
from automation.workflows.errors import DefinitionInvalid, Finding, TextUnreadable

LONGEST: Final = 500_000
"""Characters of a whole text."""
DEEPEST: Final = 12
"""Lists and objects within one another."""

_CONSTANTS: Final = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,60})")
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
# From wheels it comes with libyaml, which is ten times as fast.
_PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SENTENCES: Final = {
    "extra_forbidden": "There is no such field. Take it out, or look for a slip in its name.",
    "union_tag_not_found": "Say by kind what it does: run, wait or note.",
    "union_tag_invalid": "Its kind must be run, wait or note.",
    "model_type": "Must be an object with fields.",
    "model_attributes_type": "Must be an object with fields.",
    "dict_type": "Must be an object with fields.",
}


class Form(StrEnum):
    """How a workflow is written."""

    YAML = "yaml"
    JSON = "json"


def load(text: str, form: Form = Form.YAML) -> Definition:
    """Return the workflow in a text, not yet judged as a whole.

    Raises :class:`TextUnreadable` and :class:`DefinitionInvalid`.
    """
    if len(text) > LONGEST:
        raise TextUnreadable(f"The text is too long. Use at most {LONGEST:,} characters.")
    return parsed(_from_json(text) if form is Form.JSON else _Yaml(text).value)


def dump(definition: Definition, form: Form = Form.YAML) -> str:
    """Return the workflow as a text that :func:`load` makes the same workflow of."""
    raw = definition.as_json()
    if form is Form.JSON:
        return f"{json.dumps(raw, indent=2, ensure_ascii=False)}\n"
    return str(yaml.dump(raw, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100))


def load_value(text: str) -> Any:
    """Return what a text of YAML says, such as the parameters of one node; nothing of nothing.

    Raises :class:`TextUnreadable`.
    """
    return _Yaml(text).value if text.strip() else None


def dump_value(value: object) -> str:
    """Return a value as YAML; an empty text for what is empty."""
    if not value:
        return ""
    return str(yaml.dump(value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100))


def parsed(raw: object) -> Definition:
    """Return the workflow that JSON says, not yet judged as a whole.

    Raises :class:`DefinitionInvalid` with all fields that are missing, unknown or of another type.
    """
    _require_plain(raw)
    try:
        return Definition.model_validate(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    findings = [Finding(place=_place(p["loc"]), sentence=_sentence(dict(p))) for p in problems]
    # Pydantic says of a value with several types what each of them would have wanted.
    raise DefinitionInvalid(list({finding.place: finding for finding in findings}.values()))


def _place(parts: tuple[int | str, ...]) -> str:
    if parts[:1] == ("nodes",):
        parts = (*parts[:2], *parts[3:])  # without the kind
    if parts[:1] == ("inputs",):
        parts = parts[:3]  # without the type that was tried
    place = ""
    for part in parts:
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    return place.removeprefix(".")


def _sentence(problem: dict[str, Any]) -> str:
    if problem["loc"][:1] == ("inputs",) and problem["loc"][2:3] == ("default",):
        return "Must be a text, a number, yes or no."
    return _SENTENCES.get(problem["type"]) or sentence_for(problem)


def _require_plain(raw: object) -> None:
    """Raise :class:`DefinitionInvalid` for what is nested too deeply, or is no text in UTF-8."""
    ahead: list[tuple[object, int]] = [(raw, 0)]
    while ahead:
        value, depth = ahead.pop()
        if depth > DEEPEST:
            raise _whole(f"It is nested too deeply. Use at most {DEEPEST} levels.")
        if isinstance(value, dict):
            ahead += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            ahead += [(part, depth + 1) for part in value]
        elif isinstance(value, str) and any(_is_no_text(character) for character in value):
            raise _whole("It holds a character that is not text. Take it out.")
        elif isinstance(value, int | float) and not abs(value) < _too_large(value):
            raise _whole("It holds a number that is too large.")


def _too_large(value: float) -> float:
    return inf if isinstance(value, float) else 10**30


def _is_no_text(character: str) -> bool:
    return character == "\0" or "\ud800" <= character <= "\udfff"


def _whole(sentence: str) -> DefinitionInvalid:
    return DefinitionInvalid([Finding(place="", sentence=sentence)])


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as problem:
        raise TextUnreadable(
            f"This is no JSON: in line {problem.lineno}, column {problem.colno}, {problem.msg}."
        ) from problem
    except RecursionError as problem:
        raise TextUnreadable("It is nested too deeply.") from problem
    except ValueError as problem:  # of a number with thousands of digits
        raise TextUnreadable("It holds a number that is too large.") from problem


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise TextUnreadable(f"{twice} stands twice in the same object. Keep one of them.")
    return found


def _refuse_constant(name: str) -> Any:
    raise TextUnreadable(f"{name} is no number that can be kept.")


class _Yaml:
    """Makes JSON of one YAML document, event by event."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_PARSER)
        try:
            self.value = self._document()
        except yaml.MarkedYAMLError as problem:
            where = _line(problem.problem_mark)
            raise TextUnreadable(f"This is no YAML: {problem.problem}{where}.") from problem
        except yaml.YAMLError as problem:
            raise TextUnreadable("It holds a character that YAML does not allow.") from problem

    def _document(self) -> Any:
        self._next()  # the beginning of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            raise TextUnreadable("The text is empty.")
        value = self._value(self._next(), 0)
        self._next()  # the end of the document
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise TextUnreadable("There are several documents in it. Write one workflow in a text.")
        return value

    def _next(self) -> Any:
        return next(self._events)

    def _value(self, event: Any, depth: int) -> Any:
        where = _line(event.start_mark)
        if depth > DEEPEST:
            raise TextUnreadable(f"It is nested too deeply{where}.")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise TextUnreadable(f"There is an anchor or alias{where}. Write it out instead.")
        if event.tag is not None:
            raise TextUnreadable(f"There is a tag{where}. Take out what begins with !.")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        return _scalar(event.value) if event.implicit[0] else event.value

    def _sequence(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._value(event, depth + 1))
        return found

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            where = _line(event.start_mark)
            key = self._value(event, depth + 1)
            if not isinstance(key, str):
                raise TextUnreadable(f"A key is no text{where}. Put it in quotes.")
            if key in found:
                raise TextUnreadable(f"{key} stands twice{where}. Keep one of them.")
            found[key] = self._value(self._next(), depth + 1)
        return found


def _line(mark: Any) -> str:
    return f" in line {mark.line + 1}"


def _scalar(text: str) -> Any:
    """Return what a text without quotes means."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


class _Writer(yaml.SafeDumper):
    """Writes YAML that older readers take alike: with quotes where they would see no text."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write out what stands twice."""
        return True


def _written(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if not all(line.isprintable() for line in text.split("\n")):
        style = '"'  # the only one in which rare ends of a line are told apart
    elif "\n" in text:
        style = "|"
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


# An edge's ``on`` stands without quotes, though YAML 1.1 takes it for a yes.
_Writer.yaml_implicit_resolvers = {
    first: [*resolvers]  # lists of its own: those are everybody's
    for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
    if first not in ("o", "O")
}
_Writer.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
_Writer.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+.0123456789"))
_Writer.add_representer(str, _written)
