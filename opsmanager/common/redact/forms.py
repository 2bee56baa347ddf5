"""The forms in which programs print a value: quoted, escaped, encoded."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

LEAST: Final = 4
"""Characters; anything shorter would mask half of all words."""

_KEY_FRAME = re.compile(r"-{4,5} ?(?:BEGIN|END) [A-Z0-9 ]+-{4,5}|(?:Proc-Type|DEK-Info|Comment):.*")
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_NOT_PLAIN = re.compile(r"[^\w@%+=:,./-]", re.ASCII)


@lru_cache(maxsize=1024)
def forms_of(secret: str) -> frozenset[str]:
    """Return each text that gives the secret away, none shorter than :data:`LEAST`.

    Of a secret of several lines, each line counts as well. Remembered, for whoever masks a secret
    holds it anyway.
    """
    found = {form for part in _parts(secret) for form in _forms(part)}
    return frozenset(form for form in found if len(form) >= LEAST)


def _parts(secret: str) -> set[str]:
    """Return what is secret: the whole, without what surrounds it, and its lines."""
    whole = {secret, secret.strip(), secret.strip("\"'")}
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        # How a key begins and ends is no secret, and stands in others too.
        whole |= {line for line in lines if not _KEY_FRAME.fullmatch(line)}
    return {part for part in whole if len(part) >= LEAST}


def _forms(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "surrogateescape")
    yield value
    yield from _escaped(value, data)
    yield from _quoted(value)
    yield from _in_urls(value, data)
    yield from _in_markup(value)
    yield from _base64(data)
    yield from (data.hex(), data.hex().upper())


def _escaped(value: str, data: bytes) -> Iterator[str]:
    """As JSON, Python and C write it."""
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield from (text, text.replace("/", "\\/"), text.translate(_HTML))
    yield from (repr(value)[1:-1], repr(data)[2:-1])
    if not value.isascii():
        yield "".join(chr(byte) if byte < 128 else f"\\{byte:o}" for byte in data)


def _quoted(value: str) -> Iterator[str]:
    """As a shell reads it, without the outermost quotes."""
    yield value.replace("'", "'\"'\"'")
    yield value.replace("'", "'\\''")
    yield value.replace("\\", "\\\\").replace("'", "\\'")
    yield re.sub(r'(["\\$`])', r"\\\1", value)
    yield _NOT_PLAIN.sub(r"\\\g<0>", value)


def _in_urls(value: str, data: bytes) -> Iterator[str]:
    spellings: Iterable[str] = (
        quote(value, safe="", errors="replace"),
        quote(value, errors="replace"),
        quote(value, safe="!*'()~", errors="replace"),
        quote_plus(value, errors="replace"),
        "".join(f"%{byte:02X}" for byte in data),
        "".join(chr(b) if chr(b).isalnum() and b < 128 else f"%{b:02X}" for b in data),
    )
    for spelling in spellings:
        yield spelling
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), spelling)


def _in_markup(value: str) -> Iterator[str]:
    text = html.escape(value)
    yield from (text, html.escape(value, quote=False))
    yield text.replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    yield from (text.replace("&#x27;", "&#39;"), text.replace("&#x27;", "&apos;"))


def _base64(data: bytes) -> Iterator[str]:
    """At each of the three places where it may stand in what was encoded, without shared ends."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data).decode()
        whole = text[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]
        yield from (whole, whole.translate(str.maketrans("+/", "-_")))
