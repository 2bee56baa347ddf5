"""What counts as a success, a failure and a fix: said once for analytics and runbooks' records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Aggregate, Count, F, FloatField, Func, Q

from automation.engine.results import Status, Verdict

SUCCESSFUL: Final = (Status.SUCCESS,)
FAILED: Final = (Status.FAILED, Status.TIMEOUT, Status.ROLLED_BACK, Status.UNKNOWN)
"""What was taken back has achieved nothing; what is UNKNOWN counts so until somebody decides."""
CANCELLED: Final = (Status.CANCELLED,)
"""In no rate: somebody stopped it, or its batch did, which says nothing about the runbook."""
UNFINISHED: Final = (Status.PENDING, Status.RUNNING)
"""In no rate either: it may still go either way."""
MET: Final = (Verdict.FIXED, Verdict.NOT_FIXED, Verdict.MADE_WORSE)
"""Something was to fix, or was broken; NOTHING_TO_FIX is in no fix rate."""

# By columns that analytics have in their indexes, unlike the key.
COUNTS: Final[dict[str, Aggregate]] = {
    "total": Count("*"),
    "successful": Count("status", filter=Q(status__in=SUCCESSFUL)),
    "failed": Count("status", filter=Q(status__in=FAILED)),
    "cancelled": Count("status", filter=Q(status__in=CANCELLED)),
    "met": Count("status", filter=Q(verdict__in=MET)),
    "fixed": Count("status", filter=Q(verdict=Verdict.FIXED)),
}
"""The fields of :class:`Counts`, as aggregates over executions."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many executions there were, and how they ended."""

    total: int = 0
    successful: int = 0
    failed: int = 0
    cancelled: int = 0
    met: int = 0
    """Those that met something to fix, or broke it, by their verdict."""
    fixed: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Counts":
        """Return what a query with :data:`COUNTS` found, whatever else its row holds."""
        return cls(**{name: row[name] for name in COUNTS})

    @property
    def unfinished(self) -> int:
        """How many wait or run."""
        return self.total - self.ended - self.cancelled

    @property
    def ended(self) -> int:
        """How many succeeded or failed."""
        return self.successful + self.failed

    @property
    def success_rate(self) -> float | None:
        """Of those that succeeded or failed, how many succeeded, 0 to 1."""
        return rate(self.successful, self.ended)

    @property
    def fix_rate(self) -> float | None:
        """Of those that met something to fix, how many fixed it, 0 to 1."""
        return rate(self.fixed, self.met)


def rate(part: int, whole: int) -> float | None:
    """Return the share, 0 to 1; ``None`` where there is nothing to count."""
    return part / whole if whole else None


class Seconds(Func):
    """How long an execution took, from its start to its end."""

    template = "date_part('epoch', %(expressions)s)"
    output_field = FloatField()

    def __init__(self) -> None:
        super().__init__(F("finished_at") - F("started_at"))


class Percentile(Aggregate):
    """The value below which a share of the values lies, between two of them in proportion."""

    function = "percentile_cont"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, share: float, **extra: Any) -> None:
        super().__init__(expression, share=share, **extra)
