"""Types for parameters that name things on a server, each strict enough to be a word of a command.

A value that fits none of them is refused with a sentence that says what would fit.
"""

import posixpath
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema

_UNIT_NAME = re.compile(r"[A-Za-z0-9@._:][A-Za-z0-9@._:\-]*")
_UNIT_LENGTH = 255
_UNIT_SUFFIXES = (
    ".automount",
    ".device",
    ".mount",
    ".path",
    ".scope",
    ".service",
    ".slice",
    ".socket",
    ".swap",
    ".target",
    ".timer",
)
_PATH_LENGTH = 4096
_URL_TEXT = re.compile(r"[!#-\[\]_a-z~]+")
_URL_LENGTH = 2048


def shown(value: str, *, longest: int = 60) -> str:
    """Return a value as a sentence shows it: quoted, shortened, control characters spelled out."""
    text = value if len(value) <= longest else f"{value[:longest]}..."
    return f"“{text}”" if text.isprintable() else f"“{ascii(text)[1:-1]}”"


def _systemd_unit(value: str) -> str:
    if not _UNIT_NAME.fullmatch(value):
        raise ValueError(
            f"{shown(value)} is not the name of a systemd unit: use letters, digits and "
            "@ . _ : - only, such as nginx.service."
        )
    name = value if value.endswith(_UNIT_SUFFIXES) else f"{value}.service"
    if len(name) > _UNIT_LENGTH:
        raise ValueError(f"The name of a systemd unit has at most {_UNIT_LENGTH} characters.")
    return name


def _absolute_path(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError(f"{shown(value)} is not an absolute path: begin it with /.")
    if not value.isprintable():
        raise ValueError(f"The path {shown(value)} holds a line break or control character.")
    if len(value.encode(errors="replace")) >= _PATH_LENGTH:
        raise ValueError(f"A path has fewer than {_PATH_LENGTH} bytes.")
    # Two leading slashes mean something else to POSIX, and so to normpath; not to Linux.
    return posixpath.normpath("/" + value.lstrip("/"))


def _url(value: str) -> str:
    plain = "write an address such as https://example.org/health."
    if len(value) > _URL_LENGTH:
        raise ValueError(f"An address has at most {_URL_LENGTH} characters.")
    if not _URL_TEXT.fullmatch(value):
        raise ValueError(
            f"{shown(value)} is not a web address: it holds a space, quote or other character "
            f"that must be percent-encoded; {plain}"
        )
    try:
        parts = urlsplit(value)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        port_fits = False
    if not port_fits or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{shown(value)} is not a web address: {plain}")
    if "@" in parts.netloc:
        raise ValueError("Leave the name and password out of the address: it is kept readable.")
    return value


SystemdUnit = Annotated[
    str,
    AfterValidator(_systemd_unit),
    WithJsonSchema({"type": "string", "format": "systemd-unit", "maxLength": _UNIT_LENGTH}),
]
"""The name of a systemd unit; ``nginx`` becomes ``nginx.service``."""

AbsolutePath = Annotated[
    str,
    AfterValidator(_absolute_path),
    WithJsonSchema({"type": "string", "format": "absolute-path", "maxLength": _PATH_LENGTH - 1}),
]
"""An absolute path, normalised as text: no ``..``, no doubled slash. Links are not followed."""

Url = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": _URL_LENGTH}),
]
"""An address of the web (http or https), without a name and password in it."""

Port = Annotated[int, Field(ge=1, le=65535)]
"""The number of a TCP port."""

Percent = Annotated[int, Field(ge=1, le=100)]
"""A share in percent, 1 to 100."""
