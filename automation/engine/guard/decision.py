"""What the guard says of a command."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How grave a refusal is."""

    DENY = "DENY"
    """It destroys a machine or opens it to strangers."""
    HOLD = "HOLD"
    """It can lock everybody out, or takes away what is hard to bring back."""
    OPAQUE = "OPAQUE"
    """Nobody can tell what would run."""
    READING = "READING"
    """It changes the server, though it was announced as reading."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a command may be sent; of a refusal also why."""

    allowed: bool
    rule: str = ""
    severity: Severity | None = None
    explanation: str = ""
    """A sentence for a person."""
    part: str = ""
    """The words that gave offence, as the shell would run them."""


ALLOWED = Decision(allowed=True)


class Refused(Exception):
    """Ends the reading of a text at the first thing that must not run."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.explanation)
        self.decision = decision


def refusal(rule: str, severity: Severity, explanation: str, part: str) -> Decision:
    """Return the refusal of ``part``; unknown text in it is shown as an ellipsis."""
    return Decision(
        allowed=False,
        rule=rule,
        severity=severity,
        explanation=explanation,
        part=part.replace("\0", "…"),
    )
