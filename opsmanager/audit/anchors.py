"""The head of the chain, written down outside the database every few minutes.

Whoever may do everything in the database can cut the chain's end off, or write all of it anew. Only
somebody else who knows what the head was can tell.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction

from opsmanager.audit import anchor_targets
from opsmanager.audit.models import Seal
from opsmanager.common import pulse
from opsmanager.common.models import Pulse

log = structlog.get_logger(__name__)

_KIND = "anchor"


class AnchorsUnreadable(Exception):
    """A file of anchors can't be read; the message says where and why."""


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A seal as somebody outside knows it."""

    n: int
    chain: str
    """The hash over it and all before it, in hexadecimal."""
    last_seq: int
    at: datetime

    @classmethod
    def of(cls, seal: Seal) -> "Anchor":
        """Return the anchor of a seal."""
        return cls(n=seal.n, chain=bytes(seal.chain).hex(), last_seq=seal.last_seq, at=seal.at)

    def line(self) -> str:
        """Return it as one line of JSON."""
        at = self.at.astimezone(UTC).isoformat()
        return json.dumps({"n": self.n, "chain": self.chain, "lastSeq": self.last_seq, "at": at})


def head() -> Anchor | None:
    """Return the newest seal; ``None`` before there is one."""
    seal = Seal.objects.order_by("-n").first()
    return Anchor.of(seal) if seal else None


def send() -> list[str]:
    """Send the head to each place that is set; return the names of those that failed.

    A place is sent what it does not have yet. One that fails is logged and shown, and keeps nobody
    from working.
    """
    anchor = head()
    failed = []
    for target in anchor_targets.configured():
        before = Pulse.objects.filter(kind=_KIND, name=target.name).first()
        details = before.details if before else {}
        if anchor is None or not target.is_due(anchor.n, details):
            continue
        try:
            target.send(anchor.line())
        except Exception as problem:  # noqa: BLE001 - whatever a file, a socket or a mail server raises
            reason = getattr(problem, "strerror", None) or type(problem).__name__
            log.warning("anchor not sent", target=target.name, reason=reason)
            _note(target.name, {**details, "problem": reason})
            failed.append(target.name)
        else:
            sent_at = datetime.now(UTC).isoformat()
            _note(target.name, {"n": anchor.n, "sentAt": sent_at, "problem": ""})
    return failed


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a place outside stands."""

    name: str
    n: int | None
    """The last seal that it was sent."""
    sent_at: datetime | None
    problem: str
    """Why the last try failed; empty when it did not."""


def standings() -> list[Standing]:
    """Return how each place that is set stands."""
    notes = {note.name: note.details for note in Pulse.objects.filter(kind=_KIND)}
    found = []
    for target in anchor_targets.configured():
        details = notes.get(target.name, {})
        sent_at = details.get("sentAt")
        found.append(
            Standing(
                name=target.name,
                n=details.get("n"),
                sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
                problem=details.get("problem", ""),
            )
        )
    return found


def read(path: str | Path) -> list[Anchor]:
    """Return the anchors that a file holds. Raises :class:`AnchorsUnreadable`."""
    try:
        with Path(path).open(encoding="utf-8") as lines:
            return list(_parsed(path, lines))
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no text"
        raise AnchorsUnreadable(f"The anchors in {path} can't be read: {reason}.") from None


def kept() -> list[Anchor]:
    """Return the anchors of the file that is set, none where there is none yet.

    Raises :class:`AnchorsUnreadable`.
    """
    path = settings.AUDIT_ANCHOR_FILE
    return read(path) if path and Path(path).exists() else []


def _parsed(path: str | Path, lines: Iterator[str]) -> Iterator[Anchor]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            # A syslog puts words of its own before it.
            found = json.loads(line[line.index("{") :])
            yield Anchor(
                n=int(found["n"]),
                chain=str(found["chain"]),
                last_seq=int(found["lastSeq"]),
                at=datetime.fromisoformat(found["at"]),
            )
        except (ValueError, KeyError, TypeError):
            raise AnchorsUnreadable(f"Line {number} of {path} is no anchor.") from None


@transaction.atomic
def _note(name: str, details: dict[str, object]) -> None:
    pulse.note(_KIND, name, **details)
