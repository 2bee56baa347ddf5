"""How runbooks fared for incidents like one: how often each was tried for them, and fixed it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.fields.json import KT

from automation.engine.results import Status, Verdict
from automation.models import Execution
from incidents.models import Incident

ALERT: Final = "alertname"
"""The label by which Prometheus and Grafana name the rule that an alert comes from."""
_MOST: Final = 500
"""The newest incidents alike; older ones say little about today."""
_KINDS: Final = ("this very trouble", "this alert", "incidents with this title")
_FIXED: Final = Q(verdict=Verdict.FIXED)
_TRIED: Final = Q(verdict__in=[Verdict.FIXED, Verdict.NOT_FIXED, Verdict.MADE_WORSE]) | Q(
    verdict="", status__in=[Status.FAILED, Status.TIMEOUT, Status.UNKNOWN]
)


@dataclass(frozen=True, kw_only=True)
class Record:
    """How a runbook fared for the incidents most alike of those for which it was tried."""

    fixed: int = 0
    tried: int = 0
    likeness: int = len(_KINDS)
    """0 for the same fingerprint, 1 for the same alert, 2 for the same title."""

    @property
    def rank(self) -> float:
        """How promising it is: what was never tried is between the two ends."""
        return (self.fixed + 0.2) / (self.tried + 1)

    @property
    def of(self) -> str:
        """Return in words of what it was tried."""
        return _KINDS[self.likeness] if self.tried else ""


def records(incident: Incident) -> dict[UUID, Record]:
    """Return, by runbook, how it fared for incidents alike; in two queries."""
    alike = _alike(incident)
    if not alike:
        return {}
    rows: Iterable[Any] = (
        Execution.objects.filter(_TRIED, incident_id__in=list(alike), is_dry_run=False)
        .values("runbook", "incident_id")
        .annotate(tried=Count("pk"), fixed=Count("pk", filter=_FIXED))
        .order_by()
        .values_list("runbook", "incident_id", "fixed", "tried")
    )
    counts: dict[UUID, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for runbook, incident_id, fixed, tried in rows:
        pair = counts[runbook][alike[incident_id]]
        pair[0] += fixed
        pair[1] += tried
    found = {}
    for runbook, by_likeness in counts.items():
        likeness = min(by_likeness)
        fixed, tried = by_likeness[likeness]
        found[runbook] = Record(fixed=fixed, tried=tried, likeness=likeness)
    return found


def _alike(incident: Incident) -> dict[UUID, int]:
    """Return the newest incidents alike, each with its likeness."""
    alert = incident.labels.get(ALERT)
    wanted = Q(fingerprint=incident.fingerprint) | Q(title=incident.title)
    rows = Incident.objects.annotate(alert=KT(f"labels__{ALERT}"))
    if alert:
        wanted |= Q(alert=alert)
    rows = rows.filter(wanted).order_by("-opened_at")
    found = {}
    for pk, fingerprint, named in rows.values_list("pk", "fingerprint", "alert")[:_MOST]:
        if fingerprint == incident.fingerprint:
            found[pk] = 0
        else:
            found[pk] = 1 if alert and named == alert else 2
    return found
