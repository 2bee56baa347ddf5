"""JSON as the API takes it: what PostgreSQL can't keep, or nobody means, is refused."""

import codecs
import json
import re
from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

_DEEPEST: Final = 32
_LARGEST: Final = 2**63 - 1
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(JSONParser):
    """Reads a body of JSON in UTF-8.

    Refuses, beside what is no JSON: values nested more than 32 deep, whole numbers beyond 64 bits,
    other numbers beyond a double's range, the same name twice in one object, NUL characters and
    halves of surrogate pairs.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value that the body holds. Raises ``ParseError``."""
        try:
            # "strict" also refuses bytes that are no UTF-8.
            text = codecs.getreader("utf-8")(stream).read()
            value = json.loads(
                text,
                object_pairs_hook=_object,
                parse_int=_whole,
                parse_float=_number,
                parse_constant=_constant,
            )
        except RecursionError:
            raise _too_deep() from None
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8.") from None
        except ValueError as problem:
            raise ParseError(f"The body can't be read as JSON: {problem}") from None
        _check(value)
        return value


def _check(value: Any) -> None:
    left = [(value, 1)]
    while left:
        one, depth = left.pop()
        if depth > _DEEPEST:
            raise _too_deep()
        if isinstance(one, str):
            _check_text(one)
        elif isinstance(one, dict):
            left += [(part, depth + 1) for pair in one.items() for part in pair]
        elif isinstance(one, list):
            left += [(part, depth + 1) for part in one]


def _check_text(text: str) -> None:
    found = _UNSTORABLE.search(text)
    if found is not None:
        what = "a NUL character" if found[0] == "\x00" else "half a surrogate pair"
        raise ParseError(f"A text holds {what}, which can't be kept. Take it out.")


def _too_deep() -> ParseError:
    return ParseError(f"The values are nested more than {_DEEPEST} deep.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice.")
    return found


def _whole(text: str) -> int:
    if len(text) <= 20 and abs(number := int(text)) <= _LARGEST:
        return number
    raise ValueError("a whole number is beyond 64 bits.")


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large.")
    return number


def _constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON.")
