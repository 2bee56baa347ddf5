"""One service of Apprise: made of an address, asked what may be shown of it, and sent through."""

import importlib
import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import apprise
from apprise.logger import logger

from opsmanager.notifications import kinds
from opsmanager.notifications.kinds import Kind
from opsmanager.notifications.sender.guard import Watch

_REFUSED: Final = {
    "template": "would read a file of this machine",
    "redirect": "would send what is in the message wherever the other side says",
    "retry": "is OpsManager's own to decide",
    "wait": "is OpsManager's own to decide",
    "optional": "would hide that nothing was sent",
}
"""What may not stand behind the ``?`` of an address, and why."""
_PATIENCE: Final = {"cto": 8.0, "rto": 20.0}
"""Seconds for a connection and for an answer; whoever asks ends all of it sooner or later."""
_LONGEST: Final = 300
_TONES: Final = {
    "info": apprise.NotifyType.INFO,
    "success": apprise.NotifyType.SUCCESS,
    "warning": apprise.NotifyType.WARNING,
    "failure": apprise.NotifyType.FAILURE,
}


class Refused(Exception):
    """An address that can't be used; the message says what to do."""

    is_for_good = True
    """Whether trying again is of no use."""


class Unresolved(Refused):
    """A host that has no address now."""

    is_for_good = False


class Service:
    """A service with its address."""

    def __init__(self, url: str, watch: Watch) -> None:
        found = kinds.kind_of(url)
        if found is None:
            scheme = kinds.scheme_of(url)
            named = f"{scheme}:// is none of the services" if scheme else "It names no service"
            raise Refused(
                f"{named} that OpsManager sends to, which are: {kinds.titles()}. An address begins "
                f"as in {kinds.KINDS[1].example}."
            )
        self._kind: Kind = found
        self._scheme = kinds.scheme_of(url)
        self._watch = watch
        # A redirect is an answer: a message goes where its channel says, or nowhere.
        self._asset = apprise.AppriseAsset(
            app_id="OpsManager", app_desc="OpsManager", http_redirects=False, secure_logging=True
        )
        self._client = self._made(url)

    def shown(self) -> str:
        """Return what may be shown of the address: the service, and the host if it names one."""
        return f"{self._scheme}://{self._host() or '…'}"

    def look(self) -> list[str]:
        """Resolve the host that the address names and return its addresses.

        Raises :class:`Unresolved` when it has none, and ``Closed`` when it is inside.
        """
        host = self._host()
        if not host:
            return []
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unresolved(
                f"The name {host} could not be resolved. Check how it is spelt."
            ) from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            self._watch.check(host.lower().rstrip("."), address)
        return addresses

    def send(self, *, title: str, body: str, tone: str) -> str:
        """Send the message; return why it did not arrive, empty when it did."""
        self.look()
        heard = _Heard()
        logger.addHandler(heard)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        everything = apprise.Apprise(asset=self._asset)
        everything.add(self._client)
        sent = everything.notify(
            title=title,
            body=body,
            notify_type=_TONES[tone],
            body_format=apprise.NotifyFormat.TEXT,
        )
        if sent:
            return ""
        return self._watch.refusal or heard.reason() or "The service did not take it."

    def _made(self, url: str) -> Any:
        module = importlib.import_module(f"apprise.plugins.{self._kind.module}")
        service = getattr(module, self._kind.name)
        shape = (
            f"It can't be read as an address of {self._kind.title}, such as {self._kind.example}."
        )
        parts = None
        with suppress(Exception):
            parts = service.parse_url(url)
        if not parts:
            raise Refused(shape)
        for name in parts.get("qsd", {}):
            if why := _REFUSED.get(str(name).strip().lower()):
                raise Refused(f"Leave out {name}=, which {why}.")
        with suppress(Exception):
            # Apprise waits four seconds; what a slow service took would be sent once more.
            made = service(asset=self._asset, **{**_PATIENCE, **parts})
            if not getattr(made, "template", None):
                return made
        raise Refused(shape)

    def _host(self) -> str:
        if not self._kind.names_host:
            return ""
        host = getattr(self._client, "smtp_host", "") or self._client.host or ""
        return str(host).strip("[]")


class _Heard(logging.Handler):
    """What a service says of itself while it sends."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._said: list[str] = []
        self._cause = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep warnings, and the cause that stands beside them."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING:
            self._said.append(text)
        elif "xception: " in text:
            self._cause = _innermost(text.partition("xception: ")[2])

    def reason(self) -> str:
        """Return the last warnings as one sentence each."""
        return " ".join(_sentences([*self._said[-2:], self._cause]))[:_LONGEST]


def _innermost(cause: str) -> str:
    """Return in few words what is at the bottom of an exception that holds others, if known."""
    for known, word in (
        ("timed out", "It timed out"),
        ("refused", "The connection was refused"),
        ("Name or service not known", "The name could not be resolved"),
        ("CERTIFICATE_VERIFY_FAILED", "Its certificate is not trusted"),
        ("unreachable", "There is no way to it"),
    ):
        if known in cause:
            return word
    return ""


def _sentences(texts: Iterable[str]) -> list[str]:
    cleaned = (" ".join(text.split()).rstrip(".") for text in texts)
    return [f"{text}." for text in dict.fromkeys(cleaned) if text]
