"""What the last look at a server found, or that it is still being taken."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from opsmanager.common import pulse, zones
from servers.models import Probe, ProbeKind, Server

NOT_TAKEN = (
    "No worker took a look at the server in time. See on the home page whether workers run, then "
    "try again."
)
PATIENCE = timedelta(seconds=45)
"""Longer than any look takes, so that one whose worker died is not waited for for ever."""
_FRESH = timedelta(minutes=10)
"""What a server has changes seldom; whoever knows better reads it again."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """The last look of one kind; ``reachable`` is ``None`` where none was taken."""

    pending: bool = False
    reachable: bool | None = None
    latency_ms: int | None = None
    error_code: str = ""
    message: str = ""
    at: datetime | None = None
    found: dict[str, list[list[str]]] = field(default_factory=dict)
    """Of a look at the contents: by kind, each name with a few words on it."""

    @property
    def is_fresh(self) -> bool:
        """Whether it saw something, a short time ago."""
        return bool(self.reachable and self.at and timezone.now() - self.at < _FRESH)

    @property
    def failed(self) -> bool:
        """Whether it was asked for, is over, and saw nothing."""
        return not self.pending and not self.reachable and bool(self.message)


def last_look(server: Server, kind: ProbeKind) -> Look:
    """Return what the last look of this kind found; of a check also what the server's row keeps."""
    age = ExpressionWrapper(Now() - F("requested_at"), output_field=DurationField())
    probe = server.probes.filter(kind=kind).annotate(age=age).order_by("-requested_at").first()
    if probe is None:
        return _kept(server) if kind is ProbeKind.CHECK else Look()
    if not probe.is_finished:
        if probe.age < PATIENCE:
            return Look(pending=True)
        return Look(reachable=False, message=why_not_taken(server), at=probe.requested_at)
    return Look(
        reachable=probe.reachable,
        latency_ms=probe.latency_ms,
        error_code=probe.error_code,
        message=probe.message,
        at=probe.finished_at,
        found=probe.found or {},
    )


def why_not_taken(server: Server) -> str:
    """Say why no worker took a look at the server in time."""
    if server.zone and not pulse.serving()[server.zone]:
        return zones.nobody(server.zone)
    return NOT_TAKEN


def so_since(server: Server, look: Look) -> datetime | None:
    """Return since when checks have been finding the same; ``None`` before there was one."""
    if look.reachable is None or look.at is None:
        return look.at
    checks = Probe.objects.filter(server=server, kind=ProbeKind.CHECK, finished_at__isnull=False)
    other = checks.exclude(reachable=look.reachable).order_by("-requested_at")
    before = other.values_list("requested_at", flat=True).first()
    same = checks.filter(Q(requested_at__gt=before) if before else Q())
    return same.aggregate(first=Min("finished_at"))["first"] or look.at


def _kept(server: Server) -> Look:
    return Look(
        reachable=server.reachable,
        latency_ms=server.latency_ms,
        error_code=server.error_code,
        message=server.error_message,
        at=server.checked_at,
    )
