"""Keeps this process from what is inside: each connection is looked at, whoever opens it and why.

Python's audit events come from the socket itself, so a redirect, a name that resolves to another
address the second time, and a service's own idea of where to go all meet the same question.
"""

import socket
import sys
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Final

from opsmanager.common.addresses import Address, Allowed, kind_of

SETTING: Final = "OPSMANAGER_NOTIFY_ALLOWED_NETWORKS"
_SENDS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTS: Final = frozenset(
    {
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.fork",
        "pty.spawn",
    }
)


class Closed(OSError):
    """This process may not do that; the message says what and what can be done."""


class Watch:
    """What was opened, and the last refusal, which clients tend to swallow."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._names: dict[str, str] = {}
        """The host name that was asked for, by address."""
        self.refusal = ""

    @classmethod
    def over(cls, opened: Iterable[str]) -> "Watch":
        """Watch this process until it ends; there is no way back."""
        watch = cls(Allowed.parse(opened))
        resolve = socket.getaddrinfo

        def remembered(host: Any, *rest: Any, **options: Any) -> Any:
            found = resolve(host, *rest, **options)
            for entry in found:
                watch._names.setdefault(str(entry[4][0]), _text(host).lower().rstrip("."))
            return found

        socket.getaddrinfo = remembered
        sys.addaudithook(watch._ask)
        return watch

    def check(self, host: str, address: str) -> None:
        """Raise :class:`Closed` when ``host``, which has this address, may not be called."""
        found = _address(address)
        if found is None:
            self._refuse("OpsManager sends only over the network.")
        elif not self._allowed.covers(host, found) and (why := kind_of(found)):
            named = str(found) if host == str(found) else f"{host} has the address {found}, which"
            self._refuse(
                f"OpsManager sends nothing there: {named} is {why}. An administrator can open it "
                f"with {SETTING}."
            )

    def _ask(self, event: str, given: tuple[Any, ...]) -> None:
        if event in _SENDS:
            self._weigh(given[0], given[1])
        elif event in _STARTS:
            self._refuse("OpsManager starts no program to send a message.")

    def _weigh(self, connection: socket.socket, to: Any) -> None:
        if to is None:
            return
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(to, tuple):
            self._refuse("OpsManager sends only over the network.")
            return
        address = _text(to[0])
        self.check(self._names.get(address, address), address)

    def _refuse(self, sentence: str) -> None:
        self.refusal = sentence
        raise Closed(sentence)


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _text(host: Any) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
