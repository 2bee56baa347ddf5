"""The filters of conditions and templates: Jinja's by name, but none that guesses or grows.

``"80%" | int`` is 0 in Jinja, and a disk would never be full. Here it is an error that says so,
unless a default is given.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

from jinja2 import TemplateError
from jinja2.runtime import Undefined

from opsmanager.common.sandbox import TemplateInvalid

LONGEST_TEXT: Final = 65_536
"""Characters of a text that is looked up or comes out; a parameter may have as many."""
LARGEST: Final = 2**63
"""Whole numbers are worked out up to here."""
_DIGITS: Final = 15
_NONE_GIVEN: Final = object()


def number(value: object) -> int | float:
    """Return a number that can be worked with. Raises :class:`TemplateInvalid`."""
    require(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateInvalid(
            f"{kind(value).capitalize()} is no number. Use | int or | float to make one of a text, "
            "and ~ to put texts together."
        )
    if not isfinite(value) or (isinstance(value, int) and abs(value) > LARGEST):
        raise TemplateInvalid("A number is too large to be worked with.")
    return value


def require(value: object) -> None:
    """Raise what is missing, where it is missing, also in a list that was just put together."""
    if isinstance(value, Undefined):
        str(value)
    elif isinstance(value, list | tuple):
        for each in value:
            require(each)


def kind(value: object) -> str:
    """Return what people call a value like this."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "an object" if isinstance(value, Mapping) else "a list"


def _converted(value: object, default: object, convert: Callable[[Any], int | float]) -> Any:
    try:
        require(value)
        return number(convert(value))
    except (TemplateInvalid, TemplateError, TypeError, ValueError, OverflowError):
        if default is not _NONE_GIVEN:
            return default
    require(value)
    shown = f"“{value}”" if isinstance(value, str) and len(value) <= 40 else kind(value)
    raise TemplateInvalid(f"No number can be made of {shown}. Give one for then: | int(0).")


def _int(value: object, default: object = _NONE_GIVEN) -> Any:
    """Return a whole number; what is behind the point of a number is left off."""
    return _converted(value, default, int)


def _float(value: object, default: object = _NONE_GIVEN) -> Any:
    """Return a number."""
    return _converted(value, default, float)


def _round(value: object, digits: object = 0) -> int | float:
    """Return a number with so many digits behind the point; without any, a whole one."""
    if not isinstance(digits, int) or not 0 <= digits <= _DIGITS:
        raise TemplateInvalid(f"A number is rounded to 0 to {_DIGITS} digits.")
    found = number(value)
    return round(found, digits) if digits else round(found)


def _abs(value: object) -> int | float:
    """Return a number without its sign."""
    return abs(number(value))


def _join(value: object, between: object = "") -> str:
    """Return the texts and numbers of a list in one text."""
    require(value)
    if not isinstance(value, list | tuple) or not all(isinstance(v, str | int) for v in value):
        raise TemplateInvalid("Only a list of texts and whole numbers can be joined.")
    texts = [str(each) for each in value]
    if sum(map(len, texts)) + len(texts) * len(str(between)) > LONGEST_TEXT:
        raise TemplateInvalid(f"What comes out is longer than {LONGEST_TEXT:,} characters.")
    return str(between).join(texts)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": _abs,
    "float": _float,
    "int": _int,
    "join": _join,
    "round": _round,
}
BUILTIN: Final = ("count", "d", "default", "length", "lower", "trim", "upper")
"""Those of Jinja itself."""
TESTS: Final = ("defined", "none", "undefined")
