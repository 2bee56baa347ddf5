"""Making incidents of alerts: the same trouble is one incident, whatever is sent twice or late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from incidents.models import Incident, IncidentStatus, Source
from incidents.selectors import placing
from incidents.services import flapping, incidents, remediation, telling
from incidents.services.timeline import STILL, fold, raise_severity
from incidents.sources.alert import Alert
from opsmanager.audit import trail
from opsmanager.common import locks
from servers.selectors import maintenance

log = structlog.get_logger(__name__)

SAME_FOR: Final = timedelta(minutes=60)
"""What fires again within that time of its resolution is the same incident again."""


class Outcome(StrEnum):
    """What came of an alert; the value is the word that a delivery counts it under."""

    OPENED = "opened"
    REOPENED = "opened again"
    SEEN = "seen again"
    ACKNOWLEDGED = "acknowledged"
    NOTED = "noted: resolved here a short time ago"
    QUIET = "over, yet flapping"
    RESOLVED = "resolved"
    IGNORED = "ignored: late, or known to be over"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What came of an alert, and the incident that it is about, if there is one."""

    outcome: Outcome
    incident: Incident | None = None


def take(source: Source, alert: Alert) -> Incident | None:
    """Open, bump, re-open or resolve the incident of an alert, and ask the rules about it.

    Returns the incident, or ``None`` for an alert that says nothing new.
    """
    taken = take_in(source, alert)
    return None if taken.outcome == Outcome.IGNORED else taken.incident


def take_in(source: Source, alert: Alert) -> Taken:
    """Do what :func:`take` does, and say what it was."""
    with transaction.atomic():
        taken = _Alert(source, alert).take()
    if taken.incident is not None and taken.outcome in _ASK_RULES:
        _consider(taken.incident)
    return taken


_ASK_RULES: Final = (Outcome.OPENED, Outcome.REOPENED, Outcome.SEEN, Outcome.ACKNOWLEDGED)


def _consider(incident: Incident) -> None:
    try:
        remediation.consider(incident)
    except Exception:
        # The alert is kept whatever a rule meets; the next one, or a tick, asks again.
        log.exception("rules not asked", incident=str(incident.pk))


class _Alert:
    """One alert of a source, and what is known of its trouble."""

    def __init__(self, source: Source, alert: Alert) -> None:
        self._source = source
        self._alert = alert
        self._fingerprint = f"{source.slug}:{alert.fingerprint}"
        self._now = timezone.now()

    def take(self) -> Taken:
        """Take it in, in the caller's transaction."""
        self._hold()
        rows = Incident.objects.filter(fingerprint=self._fingerprint)
        # Also a resolved one may have been opened again by a person, and so be the open one.
        found = rows.exclude(status=IncidentStatus.RESOLVED).first()
        last = found or rows.order_by("-resolved_at").first()
        if last is not None:
            last = Incident.objects.select_for_update().get(pk=last.pk)
        if self._alert.is_firing:
            return self._fires(last)
        return self._is_over(last)

    def _hold(self) -> None:
        """Let what is told of one trouble come one after the other."""
        locks.hold(f"incident:{self._fingerprint}")

    def _fires(self, last: Incident | None) -> Taken:
        if last is None:
            return self._open()
        if last.is_open:
            return self._see(last)
        if last.over_since is None and self._is_same(last):
            return self._still_fires(last)
        if last.over_since is not None and self._is_known(last):
            return Taken(outcome=Outcome.IGNORED, incident=last)
        since = self._now - (last.resolved_at or last.opened_at)
        return self._reopen(last, "It fires again.") if since < SAME_FOR else self._open()

    def _is_known(self, last: Incident) -> bool:
        """Return whether it is the very alert that the incident knows, or one before it."""
        began, known = self._alert.began_at, last.alert_began_at
        return began is not None and known is not None and began <= known

    def _is_same(self, last: Incident) -> bool:
        """Return whether it is the very alert, as far as the times tell that are given."""
        if self._alert.began_at is None or last.alert_began_at is None:
            return self._now - (last.resolved_at or last.opened_at) < SAME_FOR
        return self._is_known(last)

    def _still_fires(self, last: Incident) -> Taken:
        """Deal with an alert that fires on, although somebody here said that it is over."""
        grace = timedelta(minutes=self._source.grace_minutes)
        until = (last.resolved_at or self._now) + grace
        if self._now >= until:
            return self._reopen(last, "It was resolved here, and it still fires.")
        Incident.objects.filter(pk=last.pk).update(
            last_seen_at=self._now, times_seen=F("times_seen") + 1
        )
        fold(last, STILL, f"It still fires. It is opened again if it does after {until:%H:%M} UTC.")
        return Taken(outcome=Outcome.NOTED, incident=last)

    def _open(self) -> Taken:
        alert = self._alert
        placed = placing.find(alert.labels)
        incident = Incident.objects.create(
            title=alert.title,
            description=alert.description,
            severity=alert.severity,
            server=placed.server,
            server_found_by=placed.found_by[:300],
            source=self._source.slug,
            labels=dict(alert.labels),
            fingerprint=self._fingerprint,
            url=alert.url,
            opened_at=self._now,
            last_seen_at=self._now,
            alert_began_at=alert.began_at,
            in_maintenance=bool(placed.server and maintenance.of(placed.server)),
        )
        incidents.write(incident, "OPENED", f"Opened by {self._source.name}.")
        trail.record("INCIDENT_OPENED", actor=f"source:{self._source.slug}", target=incident)
        telling.opened(incident, self._source.name)
        return self._told(incident, Outcome.OPENED)

    def _see(self, incident: Incident) -> Taken:
        alert = self._alert
        Incident.objects.filter(pk=incident.pk).update(
            times_seen=F("times_seen") + 1,
            last_seen_at=self._now,
            alert_began_at=_later(alert.began_at, incident.alert_began_at),
            over_since=None,
        )
        raise_severity(incident, alert.severity)
        fold(incident, "SEEN", f"It fires: seen {incident.times_seen + 1} times.")
        return self._told(incident, Outcome.SEEN)

    def _reopen(self, incident: Incident, why: str) -> Taken:
        in_maintenance = bool(incident.server and maintenance.of(incident.server))
        Incident.objects.filter(pk=incident.pk).update(
            status=IncidentStatus.OPEN,
            resolved_at=None,
            resolved_by_source=False,
            acknowledged_at=None,
            acknowledged_by=None,
            times_opened=F("times_opened") + 1,
            times_seen=F("times_seen") + 1,
            last_seen_at=self._now,
            alert_began_at=_later(self._alert.began_at, incident.alert_began_at),
            over_since=None,
            is_flapping=False,
            in_maintenance=in_maintenance,
        )
        raise_severity(incident, self._alert.severity)
        incidents.write(incident, "REOPENED", f"Opened again. {why}")
        trail.record("INCIDENT_REOPENED", actor=f"source:{self._source.slug}", target=incident)
        flapping.look(incident, self._now)
        telling.opened(incident, self._source.name, again=True)
        return self._told(incident, Outcome.REOPENED)

    def _told(self, incident: Incident, outcome: Outcome) -> Taken:
        """Keep what the source says of who looks at it, and return the incident as it is now."""
        if self._alert.is_acknowledged:
            changed = Incident.objects.filter(pk=incident.pk, status=IncidentStatus.OPEN).update(
                status=IncidentStatus.ACKNOWLEDGED, acknowledged_at=self._now
            )
            if changed:
                incidents.write(incident, "ACKNOWLEDGED", f"Acknowledged in {self._source.name}.")
                trail.record(
                    "INCIDENT_ACKNOWLEDGED",
                    actor=f"source:{self._source.slug}",
                    target=incident,
                )
                outcome = Outcome.ACKNOWLEDGED if outcome == Outcome.SEEN else outcome
        incident.refresh_from_db()
        return Taken(outcome=outcome, incident=incident)

    def _is_over(self, last: Incident | None) -> Taken:
        if last is None or self._is_of_before(last):
            return Taken(outcome=Outcome.IGNORED, incident=last)
        if not last.is_open:
            # Now its source says so too: what fires after this is a replay, or another alert.
            Incident.objects.filter(pk=last.pk, over_since=None).update(over_since=self._now)
            return Taken(outcome=Outcome.IGNORED, incident=last)
        if last.is_flapping:
            # Also an acknowledged one stays: only quiet, or a person, ends it.
            Incident.objects.filter(pk=last.pk, over_since=None).update(over_since=self._now)
            fold(last, "FLAPPING", flapping.QUIET)
            last.refresh_from_db()
            return Taken(outcome=Outcome.QUIET, incident=last)
        flapping.resolve(last, f"{self._source.name} says that it is over.")
        last.refresh_from_db()
        return Taken(outcome=Outcome.RESOLVED, incident=last)

    def _is_of_before(self, last: Incident) -> bool:
        """Return whether it tells the end of an earlier alert than the one that is known."""
        known = last.alert_began_at
        if known is None:
            return False
        if self._alert.began_at is not None:
            return self._alert.began_at < known
        return self._alert.ended_at is not None and self._alert.ended_at < known


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((time for time in (one, other) if time is not None), default=None)
