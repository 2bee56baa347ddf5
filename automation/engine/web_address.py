"""The address of a web call: read once and strictly, and shown without its secrets."""

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

from automation.engine.errors import AddressRefused

MASK: Final = "***"

_TEXT = re.compile(r"[!#-\[\]_a-z~]+")
_HOST = re.compile(r"[a-z0-9._-]+")
_LONGEST = 8192
_PORTS = {"http": 80, "https": 443}
_SECRET_WORDS = (
    "accesskey",
    "apikey",
    "authorization",
    "credential",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "session",
    "signature",
    "token",
)
_SECRET_NAMES = ("auth", "hmac", "key", "pass", "pw", "pwd", "sid", "sig")


@dataclass(frozen=True, kw_only=True)
class WebAddress:
    """An ``http`` or ``https`` URL, taken apart."""

    scheme: str
    host: str
    """In lower case, without a final dot or brackets."""
    port: int
    target: str = field(repr=False)
    """Path and query, as they are sent; secrets included."""
    user: str = field(repr=False, default="")
    password: str = field(repr=False, default="")

    @classmethod
    def parse(cls, url: str) -> "WebAddress":
        """Read a URL; a fragment is dropped. Raises ``AddressRefused``, without repeating it."""
        parts = _split(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if port == 0:
            raise AddressRefused("The port of an HTTP call must be a number from 1 to 65535.")
        return cls(
            scheme=parts.scheme,
            host=_host(parts),
            port=port or _PORTS[parts.scheme],
            target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    @property
    def place(self) -> str:
        """Host and port as the ``Host`` header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL that is called, secrets of the query included, without user and password."""
        return f"{self.scheme}://{self.place}{self.target}"

    @property
    def shown(self) -> str:
        """The URL for people: user, password and secret values in the query are masked."""
        login = f"{MASK}@" if self.user or self.password else ""
        path, mark, query = self.target.partition("?")
        return f"{self.scheme}://{login}{self.place}{path}{mark}{_masked(query)}"


def _split(url: str) -> SplitResult:
    if len(url) > _LONGEST:
        raise AddressRefused(f"The URL of an HTTP call has at most {_LONGEST:,} characters.")
    if not _TEXT.fullmatch(url):
        raise AddressRefused(
            "The URL of an HTTP call holds a space, quote, backslash or a character beyond ASCII: "
            "percent-encode it, and write a host name in its xn-- form."
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AddressRefused("The URL of an HTTP call can't be read: check its host.") from None
    if parts.scheme not in _PORTS or not parts.netloc:
        raise AddressRefused("The URL of an HTTP call must begin with https:// or http://.")
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if "[" in parts.netloc:
        try:
            address = IPv6Address(host)
        except AddressValueError:
            address = None
        if address is None or address.scope_id is not None:
            raise AddressRefused("The URL of an HTTP call holds no valid IPv6 address.")
    elif not _HOST.fullmatch(host):
        raise AddressRefused("The URL of an HTTP call names no host as it is usually spelt.")
    return host


def _masked(query: str) -> str:
    return re.sub(r"[^&;]+", lambda part: _masked_pair(part[0]), query)


def _masked_pair(pair: str) -> str:
    name, mark, value = pair.partition("=")
    return f"{name}={MASK}" if mark and value and _is_secret(name) else pair


def _is_secret(name: str) -> bool:
    plain = re.sub(r"[^a-z0-9]", "", unquote_plus(name).lower())
    return plain in _SECRET_NAMES or any(word in plain for word in _SECRET_WORDS)
