"""What Prometheus is told: computed from PostgreSQL when it asks, in some indexed queries.

No process counts anything for itself: so it does not matter which web process answers, and nothing
is lost with one. Names and texts that people chose are in no label; runbooks are named by their
code's id.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from django.db.models import Count, DurationField, Expression, ExpressionWrapper, F, Min, Q, Sum
from django.db.models.functions import Now
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from automation.engine.results import Status
from automation.models import (
    Approval,
    ApprovalState,
    Execution,
    Priority,
    ScheduleSlot,
    SlotState,
    WorkflowRun,
)
from incidents.models import UNRESOLVED, Incident, RuleBreaker, Severity
from incidents.models import Delivery as AlertDelivery
from opsmanager.common import origin, pulse
from opsmanager.common.models import Pulse
from opsmanager.home import health
from opsmanager.notifications import selectors as notifications
from opsmanager.notifications.models import Delivery, DeliveryState
from servers.models import Server

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
STUCK_AFTER: Final = timedelta(seconds=90)
"""How long after the end of its lease an execution should have been settled by some worker."""
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_ENDED: Final = tuple(status for status in Status if status.is_final)


def text() -> bytes:
    """Return all metrics in Prometheus' text format. Raises :class:`django.db.Error`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics())
    return generate_latest(registry)


class _Metrics(Collector):
    """Asks the database each time it is collected."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Say nothing in advance: that would ask the database."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield each family, with all its samples."""
        yield from _queue()
        yield from _executions()
        yield from _processes()
        yield from _waiting_elsewhere()
        yield from _broken()


def _queue() -> Iterator[GaugeMetricFamily]:
    due = Q(not_before=None) | Q(not_before__lte=Now())
    waiting = Execution.objects.filter(
        due, waiting_since__isnull=False, cancel_requested_at__isnull=True
    )
    rows = (
        waiting.order_by().values("priority").annotate(count=Count("pk"), oldest=_age_of_oldest())
    )
    found = {Priority(row["priority"]): row for row in rows}
    names = {priority: found.get(priority) for priority in Priority}
    yield _labelled(
        "queue_depth",
        "Executions that wait for a worker or for their server.",
        "priority",
        {each.name: row["count"] if row else 0 for each, row in names.items()},
    )
    yield _labelled(
        "queue_oldest_seconds",
        "How long the oldest of them has waited; 0 where none waits.",
        "priority",
        {each.name: _seconds(row["oldest"] if row else None) for each, row in names.items()},
    )


def _executions() -> Iterator[GaugeMetricFamily]:
    leased = Execution.objects.filter(lease_until__isnull=False)
    held = leased.aggregate(
        all=Count("pk"), stuck=Count("pk", filter=Q(lease_until__lt=Now() - STUCK_AFTER))
    )
    yield _one("executions_running", "Executions and rollbacks that a worker has.", held["all"])
    yield _one(
        "executions_stuck",
        "Those of them whose lease ran out long ago, and that no worker has settled.",
        held["stuck"],
    )
    unknown = Execution.objects.filter(status=Status.UNKNOWN).count()
    yield _one("executions_unknown", "Executions whose end people have to decide on.", unknown)
    yield from _ended()
    runs = WorkflowRun.objects.filter(status=Status.RUNNING).count()
    yield _one("workflow_runs_running", "Runs of workflows that have not ended.", runs)


def _ended() -> Iterator[GaugeMetricFamily]:
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    ended = Execution.objects.filter(finished_at__gte=Now() - _HOUR, is_dry_run=False)
    groups = ended.order_by().values_list("runbook__runbook_id", "status", "verdict")
    by_status = {status.value: 0 for status in _ENDED}
    by_runbook = GaugeMetricFamily(
        "opsmanager_runbook_ended_last_hour",
        "Executions of a runbook that have ended within the last hour, without dry runs.",
        labels=["runbook", "status", "verdict"],
    )
    seconds = GaugeMetricFamily(
        "opsmanager_runbook_seconds_last_hour",
        "How long all of them took together, waits between retries included.",
        labels=["runbook", "status", "verdict"],
    )
    rows = groups.annotate(count=Count("pk"), together=Sum(took))
    for runbook, status, verdict, count, together in rows:
        labels = [runbook, status, verdict]
        by_status[status] = by_status.get(status, 0) + count
        by_runbook.add_metric(labels, count)
        seconds.add_metric(labels, _seconds(together))
    yield _labelled(
        "executions_ended_last_hour",
        "Executions that have ended within the last hour, without dry runs.",
        "status",
        by_status,
    )
    yield by_runbook
    yield seconds


def _processes() -> Iterator[GaugeMetricFamily]:
    ages = GaugeMetricFamily(
        "opsmanager_process_age_seconds",
        "Seconds since a process was seen alive; a worker that went in good order is forgotten.",
        labels=["kind", "process"],
    )
    beats = list(pulse.processes())
    for beat in beats:
        ages.add_metric([beat.kind, beat.name], _seconds(beat.age))  # type: ignore[attr-defined]
    yield ages
    yield from _workers(beat for beat in beats if beat.kind == "worker")
    yield _one("workers", "Workers that show that they live.", health.count(beats, "worker"))
    yield _one("redis_up", "Whether Redis answers: 1 or 0.", int(health.redis_part().ok))
    yield _one(
        "database_restored",
        "Whether nothing is begun because the database was restored: 1 or 0.",
        int(origin.is_foreign()),
    )


_FIGURES: Final = {
    "running": ("worker_executions", "Executions and rollbacks that a worker runs."),
    "leasesLost": (
        "worker_leases_lost",
        "Executions that a worker has lost since it started, for its lease could not be renewed.",
    ),
    "journalSeconds": (
        "worker_journal_seconds",
        "The longest that a commit of logs took between the last two heartbeats.",
    ),
    "connections": ("worker_ssh_connections", "Connections to servers that a worker holds."),
}
"""What workers say of themselves with each heartbeat, and how it is named and told."""


def _workers(beats: Iterable[Pulse]) -> Iterator[GaugeMetricFamily]:
    families = {
        key: GaugeMetricFamily(f"opsmanager_{name}", said, labels=["process"])
        for key, (name, said) in _FIGURES.items()
    }
    for beat in filter(pulse.is_alive, beats):
        for key, family in families.items():
            if key in beat.details:
                family.add_metric([beat.name], beat.details[key])
    yield from families.values()


def _waiting_elsewhere() -> Iterator[GaugeMetricFamily]:
    messages = Delivery.objects.filter(state=DeliveryState.PENDING).aggregate(
        count=Count("pk"), oldest=_age_of_oldest("created_at")
    )
    yield _one("notifications_waiting", "Messages that are still to be sent.", messages["count"])
    yield _one(
        "notifications_oldest_seconds",
        "How long the oldest of them has waited; 0 where none waits.",
        _seconds(messages["oldest"]),
    )
    alerts = AlertDelivery.objects.filter(handled_at=None).aggregate(
        count=Count("pk"), oldest=_age_of_oldest("received_at")
    )
    yield _one(
        "alerts_waiting", "Deliveries of alerts that no worker has taken in.", alerts["count"]
    )
    yield _one(
        "alerts_oldest_seconds",
        "How long the oldest of them has waited; 0 where none waits.",
        _seconds(alerts["oldest"]),
    )
    asked = Approval.objects.filter(state=ApprovalState.PENDING).count()
    yield _one("approvals_waiting", "What waits for other people.", asked)


def _broken() -> Iterator[GaugeMetricFamily]:
    rows = Incident.objects.filter(status__in=UNRESOLVED).order_by().values_list("severity")
    found = dict(rows.annotate(Count("pk")))
    yield _labelled(
        "incidents_open",
        "Incidents that are not resolved.",
        "severity",
        {severity.value: found.get(severity, 0) for severity in Severity},
    )
    stopped = RuleBreaker.objects.filter(rearmed_at=None).count()
    yield _one("rules_stopped", "Rules that were stopped for a server, each counted.", stopped)
    silent = Server.objects.filter(is_active=True, reachable=False, in_maintenance=False).count()
    yield _one(
        "servers_unreachable", "Active servers, not in maintenance, that did not answer.", silent
    )
    failing = notifications.failing().count()
    yield _one("channels_failing", "Channels that did not take what was last sent.", failing)
    missed = ScheduleSlot.objects.filter(
        state__in=[SlotState.MISSED, SlotState.REFUSED], due_at__gte=Now() - _DAY
    ).count()
    yield _one(
        "schedule_times_missed_last_day", "Times that were missed or refused in a day.", missed
    )


def _age_of_oldest(field: str = "waiting_since") -> Expression:
    return ExpressionWrapper(Now() - Min(F(field)), output_field=DurationField())


def _seconds(age: timedelta | None) -> float:
    return max(age.total_seconds(), 0.0) if age else 0.0


def _one(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"opsmanager_{name}", said, value=value)


def _labelled(name: str, said: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"opsmanager_{name}", said, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
