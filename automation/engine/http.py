"""The third door of the engine: a client for HTTP, with what goes out and comes in through it."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, Final, Protocol

from automation.engine.errors import AnswerUnreadable, CommandInvalid
from automation.engine.parameter_types import shown
from automation.engine.web_address import WebAddress

READING_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SUCCESSES: Final = range(200, 300)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_METHOD = re.compile(r"[A-Z][A-Z-]{0,30}")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_NEVER_SENT = frozenset({"CONNECT", "TRACE"})
_OURS = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "keep-alive", "proxy-authorization", "proxy-connection"}
)


class Headers(Mapping[str, str]):
    """Header fields by name, in whatever case; its repr shows names only."""

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = {name.lower(): value for name, value in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._fields)})"


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """One call of a web API; :func:`request_of` makes it."""

    method: str
    address: WebAddress
    headers: Headers = field(default_factory=Headers)
    """What the step gave, with the login of the URL and the type of the body; may hold secrets."""
    body: bytes = field(default=b"", repr=False)
    timeout: float
    """Seconds for the whole call."""
    changes: bool
    """Whether it may change something, wherever."""

    @property
    def text(self) -> str:
        """What the log shows: method and URL, secrets in it masked."""
        return f"{self.method} {self.address.shown}"


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """What a web API answered.

    ``text`` is the body as UTF-8 (invalid bytes replaced), cut in the middle beyond 1 MiB;
    ``is_cut`` says so. ``planned`` is true where nothing was sent because this is a dry run, and
    where no answer could be had after a change that was only planned; ``status`` is then 0 if
    nobody can tell.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    text: str = field(default="", repr=False)
    is_cut: bool = False
    planned: bool = False

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return self.status in SUCCESSES

    def json(self) -> Any:
        """Return the body as JSON; of a planned answer, an empty object.

        Raises ``AnswerUnreadable``.
        """
        if self.planned:
            return {}
        if self.is_cut:
            raise AnswerUnreadable("The answer was longer than 1 MiB and is not read as JSON.")
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise AnswerUnreadable(
                f"The answer is no JSON ({error}); it begins with {shown(self.text)}."
            ) from None


class HttpClient(Protocol):
    """Calls web APIs for one execution."""

    def send(self, request: HttpRequest, *, timeout: float) -> HttpAnswer:
        """Send one call and wait for its answer, at most ``timeout`` seconds.

        A redirect is an answer, as is any status. Raises the errors of
        :mod:`automation.engine.errors`: ``AddressRefused`` and ``WebUnreachable`` (nothing was
        sent), ``CommandTimedOut`` (of a call that only reads), ``ConnectionLost`` (it was sent,
        and nobody saw its answer), ``ExecutionStopped`` and ``LeaseLost``.
        """


def request_of(
    method: str,
    url: str,
    *,
    json_body: Any | EllipsisType = ...,
    body: str | bytes = "",
    headers: Mapping[str, str] | None = None,
    timeout: float,
    changes: bool | None = None,
) -> HttpRequest:
    """Return the call that a step asks for.

    ``changes`` left out, GET, HEAD and OPTIONS only read and each other method changes. Raises
    ``AddressRefused`` for the URL, and ``CommandInvalid`` for what can't be sent.
    """
    name = method.upper()
    if not _METHOD.fullmatch(name) or name in _NEVER_SENT:
        raise CommandInvalid("An HTTP call needs a method such as GET or POST.")
    if not 0 < timeout < float("inf"):
        raise CommandInvalid("The timeout of an HTTP call must be a number of seconds above 0.")
    address = WebAddress.parse(url)
    content, implied = _content(json_body, body)
    if address.user or address.password:
        login = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
        implied["authorization"] = f"Basic {login}"
    for field_name, value in (headers or {}).items():
        _check_header(field_name, value)
    return HttpRequest(
        method=name,
        address=address,
        headers=Headers(implied | dict(Headers(headers))),
        body=content,
        timeout=timeout,
        changes=name not in READING_METHODS if changes is None else changes,
    )


def _content(json_body: Any | EllipsisType, body: str | bytes) -> tuple[bytes, dict[str, str]]:
    """Return the body and the header fields that go with it."""
    if isinstance(json_body, EllipsisType):
        return _bytes(body), {}
    if body:
        raise CommandInvalid("An HTTP call takes either json or body, not both.")
    try:
        text = json.dumps(json_body, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        # What it says names types, never values.
        raise CommandInvalid(f"The json of an HTTP call is not JSON: {error}.") from None
    return text.encode(), {"content-type": "application/json"}


def _bytes(body: str | bytes) -> bytes:
    try:
        return body.encode() if isinstance(body, str) else body
    except UnicodeEncodeError:
        raise CommandInvalid(
            "The body of an HTTP call holds half a character, which can't be sent."
        ) from None


def _check_header(name: str, value: object) -> None:
    """Refuse what would be read as something else, and what the client itself has to say."""
    if not _TOKEN.fullmatch(name):
        raise CommandInvalid("A header of an HTTP call has a name that can't be sent.")
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise CommandInvalid(
            f"The header {name} of an HTTP call must be text of one line, in Latin letters."
        )
    if name.lower() in _OURS:
        raise CommandInvalid(f"The header {name} of an HTTP call is set by OpsManager itself.")
