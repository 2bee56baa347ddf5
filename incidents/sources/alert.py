"""One alert, whatever form it came in."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

CRITICAL, HIGH, MEDIUM, LOW = SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
"""The worst first."""

MOST_LABELS: Final = 60
LONGEST_NAME: Final = 120
LONGEST_VALUE: Final = 1000
LONGEST_TITLE: Final = 300
LONGEST_DESCRIPTION: Final = 8000
LONGEST_URL: Final = 500
_SHORT: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_SAFE_URL: Final = re.compile(r"https?://", re.IGNORECASE)

_SEVERITIES: Final = {
    **dict.fromkeys(
        ("critical", "crit", "fatal", "emergency", "emerg", "page", "disaster"), CRITICAL
    ),
    **dict.fromkeys(("p1", "sev1", "1"), CRITICAL),
    **dict.fromkeys(("error", "err", "high", "major", "severe", "alert", "p2", "sev2", "2"), HIGH),
    **dict.fromkeys(("warning", "warn", "medium", "minor", "average", "p3", "sev3", "3"), MEDIUM),
    **dict.fromkeys(("info", "informational", "information", "low", "notice", "debug"), LOW),
    **dict.fromkeys(("none", "ok", "p4", "sev4", "4", "p5", "sev5", "5"), LOW),
}


@dataclass(frozen=True, kw_only=True)
class Alert:
    """What a source says of one trouble: it fires, or it is over."""

    fingerprint: str
    """The same for the same trouble of one source, at most 64 letters, digits and ``._:-``."""
    title: str
    severity: str
    is_firing: bool
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    """Where the source shows it; a web address or empty."""
    began_at: datetime | None = None
    """Since when it fires, by the source's clock."""
    ended_at: datetime | None = None
    is_acknowledged: bool = False
    """Whether somebody said at the source that they look at it."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "fingerprint": self.fingerprint,
            "title": self.title,
            "severity": self.severity,
            "isFiring": self.is_firing,
            "description": self.description,
            "labels": dict(self.labels),
            "url": self.url,
            "beganAt": self.began_at.isoformat() if self.began_at else None,
            "endedAt": self.ended_at.isoformat() if self.ended_at else None,
            "isAcknowledged": self.is_acknowledged,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Alert":
        """Return what :meth:`as_json` wrote."""
        began, ended = kept["beganAt"], kept["endedAt"]
        return cls(
            fingerprint=kept["fingerprint"],
            title=kept["title"],
            severity=kept["severity"],
            is_firing=kept["isFiring"],
            description=kept["description"],
            labels=kept["labels"],
            url=kept["url"],
            began_at=datetime.fromisoformat(began) if began else None,
            ended_at=datetime.fromisoformat(ended) if ended else None,
            is_acknowledged=kept["isAcknowledged"],
        )


def fingerprint_of(own: str, labels: Mapping[str, str]) -> str:
    """Return the source's own fingerprint, or its SHA-256 where it is long or odd.

    Without an own one it is the SHA-256 of the labels, sorted by name.
    """
    if own and _SHORT.fullmatch(own):
        return own
    text = own or json.dumps(sorted(labels.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def severity_of(word: str) -> str:
    """Return the severity that a word of another system stands for; MEDIUM for an unknown one."""
    return _SEVERITIES.get(word.strip().lower(), MEDIUM)


def worse(one: str, other: str) -> str:
    """Return the worse of two severities."""
    return min(one, other, key=SEVERITIES.index)


def url_of(text: str) -> str:
    """Return a web address, and nothing for what is none: a page makes a link of it."""
    return text if len(text) <= LONGEST_URL and _SAFE_URL.match(text) else ""
