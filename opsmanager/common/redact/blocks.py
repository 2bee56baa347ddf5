"""Secrets that go over several lines: private keys, and Kubernetes' Secrets."""

import base64
import binascii
import re
from typing import Final

from opsmanager.common.redact.mask import MASK

_KIND = r"[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?"
BEGIN: Final = re.compile(rf"-{{4,5}} ?BEGIN {_KIND} ?-{{4,5}}+|PuTTY-User-Key-File-\d:[^\n]*")
END: Final = re.compile(rf"-{{4,5}} ?END {_KIND} ?-{{4,5}}+|Private-MAC: ?[0-9a-f]*")
DOCUMENT: Final = re.compile(r"""[ \t]*(?:- )?["']?apiVersion["']?: ?["']?v1["']?,?\r?\n?""")

_WHOLE_KEY = re.compile(rf"({BEGIN.pattern})(.*?)(\\r|\\n|\s)*({END.pattern})", re.DOTALL)
_LINE_OF_KEY = re.compile(
    r"""(?x) (?:.*?[\s:|>+"'-])? [A-Za-z0-9+/=]{16,} (?:\\n|["',\\])* \s*
    | \s*(?:Proc-Type|DEK-Info|Comment|Version|Hash|Encryption|Public-Lines|Private-Lines):.*\s*
    | [\s|>+"'-]*=?[A-Za-z0-9+/]{0,64}={0,2}\s*"""
)
_LONGEST_LINE_OF_KEY: Final = 1000
_SECRET_KIND = re.compile(r"""["']?kind["']?: ?["']?Secret["']?,?\s*""")
_DATA = re.compile(r"""["']?(?:data|stringData|binaryData)["']?: ?(?:\{|\s)*""")
_ENTRY = re.compile(r"""(["']?[\w.-]+["']?: ?)(.+?)(,?\s*)""", re.DOTALL)
_JSON_SECRET = re.compile(r"""\\*["']kind\\*["']: ?\\*["']Secret\\*["']""")
_JSON_DATA = re.compile(r"""\\*["'](?:data|stringData)\\*["']: ?\{([^{}]*)\}""")
_JSON_VALUE = re.compile(r"""(: ?\\*["'])([^"'\\]+)(\\*["'])""")
_KEY_IN_LINE = re.compile(rf"({BEGIN.pattern})(?!\*\*\*|\s*$)[^\n]*?(?:({END.pattern})|$)")
_END_OF_KEY = re.compile(rf"(?:[A-Za-z0-9+/=]{{16,}}[ \t]+)+({END.pattern})")
_BASE64_OF_PEM = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/_-]{12,}={0,2}")


def mask_key(block: str) -> str:
    """Return a block of lines that a private key begins, its inside masked.

    One without an end goes as far as its lines look like one.
    """
    if END.search(block):
        return _WHOLE_KEY.sub(rf"\1\n{MASK}\n\4", block)
    first, *rest = block.splitlines(keepends=True)
    return "".join([first, f"{MASK}\n", *rest[lines_of_key(rest) :]])


def lines_of_key(lines: list[str]) -> int:
    """Return how many of these lines, from the first, may belong to a key that has no end."""
    for count, line in enumerate(lines):
        if len(line) > _LONGEST_LINE_OF_KEY or not _LINE_OF_KEY.fullmatch(line):
            return count
    return len(lines)


def mask_document(block: str) -> str:
    """Return a Kubernetes document, or several, with what its Secrets hold masked."""
    lines = block.splitlines(keepends=True)
    for at, line in enumerate(lines):
        if _SECRET_KIND.fullmatch(_content(line)):
            begin, end = _siblings(lines, at)
            _mask_data(lines, begin, end, _depth(lines[at]))
    return "".join(lines)


def mask_in_line(text: str) -> str:
    """Mask what stands in one line: keys with their line breaks escaped, Secrets as JSON."""
    if "PRIVATE KEY" in text:
        text = "".join(map(_line_with_key, text.splitlines(keepends=True)))
    if "LS0tLS1CRUdJTi" in text:
        text = _BASE64_OF_PEM.sub(_masked_if_key, text)
    if "Secret" in text and _JSON_SECRET.search(text):
        text = "".join(map(_line_with_json, text.splitlines(keepends=True)))
    return text


def _line_with_key(line: str) -> str:
    line = _KEY_IN_LINE.sub(rf"\1{MASK}\2", line)
    return _END_OF_KEY.sub(rf"{MASK} \1", line)


def _masked_if_key(found: re.Match[str]) -> str:
    try:
        begin = base64.b64decode(found[0][:60], altchars=b"-_", validate=False)
    except binascii.Error:
        return found[0]
    return MASK if b"PRIVATE KEY" in begin else found[0]


def _line_with_json(line: str) -> str:
    if not _JSON_SECRET.search(line):
        return line
    return _JSON_DATA.sub(lambda data: _JSON_VALUE.sub(rf"\1{MASK}\3", data[0]), line)


def _content(line: str) -> str:
    return line.lstrip(" \t").removeprefix("- ").lstrip()


def _depth(line: str) -> int:
    return len(line) - len(_content(line))


def _siblings(lines: list[str], at: int) -> tuple[int, int]:
    """Return the lines of the mapping to which a line belongs."""
    depth, begin, end = _depth(lines[at]), at, at + 1
    while begin > 0 and not _is_item(lines[begin], depth) and _depth(lines[begin - 1]) >= depth:
        begin -= 1
    while end < len(lines) and _depth(lines[end]) >= depth and not _is_item(lines[end], depth):
        end += 1
    return begin, end


def _is_item(line: str, depth: int) -> bool:
    """Whether a line begins another item of the list that holds this mapping."""
    return line.lstrip(" \t").startswith("- ") and _depth(line) == depth


def _mask_data(lines: list[str], begin: int, end: int, depth: int) -> None:
    is_inside, entries = False, 0
    for at in range(begin, end):
        line, place = lines[at], _depth(lines[at])
        if place <= depth:
            is_inside, entries = place == depth and bool(_DATA.fullmatch(_content(line))), 0
        elif is_inside:
            entries = entries or place
            lines[at] = line[:place] + _masked_entry(line[place:], is_first=place == entries)


def _masked_entry(content: str, *, is_first: bool) -> str:
    entry = _ENTRY.fullmatch(content) if is_first else None
    ending = content[len(content.rstrip(",\r\n")) :]
    if entry is None:
        return content if content.strip() in ("", "}", "},") else f"{MASK}{ending}"
    value = entry[2].strip()
    quote = value[0] if value[0] in "\"'" else ""
    return content if value in ("|", "|-", ">") else f"{entry[1]}{quote}{MASK}{quote}{ending}"
