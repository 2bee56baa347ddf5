"""Values that try to be more than one word of a command, for each kind of parameter there is.

Each comes with a harmless one of the same shape: what is sent must differ in that word alone.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

from hypothesis import strategies as st

HARMLESS = "harmless"
"""Part of every harmless text, so that it is found again in a command."""

Pair = tuple[Any, Any]
"""A hostile value and a harmless one."""

_ATTACKS = [
    *("'", '"', "`id`", "$(id)", "${IFS}", "$@", "$0", "\\", ";", "&", "&&", "|", "||", "#", "!"),
    *(">x", "<x", "(", ")", "{a,b}", "*", "?", "[a]", "~", "=", "%s", "%n", "@", ":", ",", "^"),
    *("-", "--", "-rf", "-exec", "-delete", "+", "..", ".", "/", "é", "x=1", "eval", "done", "}"),
    *(" ", "  ", " -x", " id", "a b", "; id; ", "' id '", '" id "', " && id ", " | id", " $x"),
    *("\t", "\n", "\n id\n", "\r", "\0", "\x1b[1m", "\x7f", "\u2028", "\N{FULLWIDTH SEMICOLON}"),
]
_PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="/")
_TEXT = st.one_of(
    # The second keeps to what most parameters take.
    st.lists(st.sampled_from(_ATTACKS) | st.text(max_size=4), max_size=6).map("".join),
    st.lists(
        st.sampled_from([one for one in _ATTACKS if one.isprintable() and "/" not in one]),
        max_size=4,
    ).map("".join),
    st.text(_PRINTABLE, max_size=20),
)
_UNIT = st.from_regex(r"[A-Za-z0-9@._:\-]{1,40}", fullmatch=True)
_URL = st.from_regex(r"https?://[a-z.]{1,20}/[!-~]{0,40}", fullmatch=True)


def pairs(fragment: dict[str, Any]) -> st.SearchStrategy[Pair]:
    """Return values for a parameter, described by its JSON Schema."""
    given = [kind for kind in fragment.get("anyOf", [fragment]) if kind.get("type") != "null"]
    return st.one_of([_of_kind(kind) for kind in given])


def is_text(fragment: dict[str, Any]) -> bool:
    """Whether the parameter takes words of people's own."""
    given = fragment.get("items", fragment)
    return given.get("type") == "string" and "enum" not in given


def _of_kind(fragment: dict[str, Any]) -> st.SearchStrategy[Pair]:
    if fragment.get("type") == "array":
        return st.lists(_of_kind(fragment["items"]), min_size=1, max_size=3).map(_listed)
    if is_text(fragment):
        return _text(fragment.get("format", ""), fragment.get("maxLength", 60))
    # What is no text must not become one.
    return st.one_of(_fitting(fragment), _TEXT).map(lambda value: (value, value))


def _text(kind: str, longest: int) -> st.SearchStrategy[Pair]:
    harmless = {
        "systemd-unit": f"{HARMLESS}.service",
        "absolute-path": f"/{HARMLESS}",
        "uri": f"http://{HARMLESS}/",
    }.get(kind, HARMLESS)
    hostile = {
        "systemd-unit": _UNIT | _TEXT,
        "absolute-path": _TEXT.map(lambda text: f"/{text}"),
        "uri": _URL | _TEXT,
    }.get(kind, _TEXT)
    return hostile.map(lambda text: (text[:longest], harmless))


def _fitting(fragment: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in fragment:
        return st.sampled_from(fragment["enum"])
    if fragment.get("type") == "boolean":
        return st.booleans()
    return st.integers(fragment.get("minimum", 1), fragment.get("maximum", 1000))


def _listed(values: list[Pair]) -> Pair:
    """Return two lists of values, none of them twice: what is there twice may be left out."""
    numbers = count()
    hostile: dict[Any, Any] = {}
    for value, harmless in values:
        hostile[value] = harmless
    return list(hostile), [_numbered(harmless, numbers) for harmless in hostile.values()]


def _numbered(harmless: Any, numbers: Iterator[int]) -> Any:
    is_word = isinstance(harmless, str) and HARMLESS in harmless
    return harmless.replace(HARMLESS, f"{HARMLESS}{next(numbers)}") if is_word else harmless
