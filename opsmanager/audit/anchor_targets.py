"""The places outside the database where the head of the chain is written down."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.core.mail import send_mail

_PATIENCE: Final = 5.0
# Facility "log audit" (13), severity "notice" (5): RFC 5424.
_PRIORITY: Final = 13 * 8 + 5


@dataclass(frozen=True, kw_only=True)
class Target:
    """One place, and how a line gets there."""

    name: str
    send: Callable[[str], None]
    """Raises what the file, the socket or the mail server raises."""
    rests: timedelta = timedelta(0)
    """So long at least between two lines."""

    def is_due(self, n: int, sent: dict[str, Any]) -> bool:
        """Whether seal ``n`` is to be sent, after what was ``sent`` last."""
        if sent.get("problem") or "sentAt" not in sent:
            return True
        gone = datetime.now(UTC) - datetime.fromisoformat(sent["sentAt"])
        return sent.get("n") != n and gone >= self.rests


def configured() -> list[Target]:
    """Return the places that are set."""
    found = []
    if settings.AUDIT_ANCHOR_FILE:
        found.append(Target(name="file", send=partial(to_file, settings.AUDIT_ANCHOR_FILE)))
    if settings.AUDIT_ANCHOR_SYSLOG:
        found.append(Target(name="syslog", send=partial(to_syslog, *settings.AUDIT_ANCHOR_SYSLOG)))
    if settings.AUDIT_ANCHOR_MAIL:
        # One an hour: who is sent hundreds a day reads none.
        send = partial(to_mail, settings.AUDIT_ANCHOR_MAIL)
        found.append(Target(name="mail", send=send, rests=timedelta(hours=1)))
    return found


def to_file(path: str, line: str) -> None:
    """Append the line, and have it on the disk before this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def to_syslog(transport: str, host: str, port: int, line: str) -> None:
    """Send the line as one message of RFC 5424; over TCP with its length before it (RFC 6587)."""
    now = datetime.now(UTC).isoformat()
    message = (
        f"<{_PRIORITY}>1 {now} {socket.gethostname()} opsmanager {os.getpid()} anchor - {line}"
    )
    raw = message.encode()
    if transport == "tcp":
        with socket.create_connection((host, port), timeout=_PATIENCE) as stream:
            stream.sendall(f"{len(raw)} ".encode() + raw)
        return
    if transport == "unix":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
            local.settimeout(_PATIENCE)
            local.connect(host)
            local.send(raw)
        return
    family, kind, proto, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, proto) as datagrams:
        datagrams.sendto(raw, address)


def to_mail(address: str, line: str) -> None:
    """Mail the line."""
    send_mail(
        subject="OpsManager audit anchor",
        message=(
            "The head of OpsManager's audit trail, to be kept where nobody who administers the "
            f"database can change it:\n\n{line}\n"
        ),
        from_email=None,
        recipient_list=[address],
    )
