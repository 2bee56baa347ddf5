"""What may need somebody, in the one form in which pages list it, whatever it is.

Each is a ``dict``: ``kind``, ``title``, ``url`` of its page, ``when``, ``server`` (or ``None``),
``detail`` in a sentence, and two states, of which ``badge`` is the one that is shown.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from automation.models import Execution
from incidents.models import Incident, RuleBreaker

_NAMES: Final = 8


def of_incident(incident: Incident) -> dict[str, Any]:
    """Return an open incident."""
    return {
        "kind": "incident",
        "title": incident.title,
        "url": reverse("incidents:incident_detail", args=[incident.pk]),
        "when": incident.opened_at,
        "server": incident.server,
        "detail": incident.description,
        "badge": incident.severity,
        "status": incident.status,
        "incident": incident,
    }


def of_breaker(breaker: RuleBreaker) -> dict[str, Any]:
    """Return a rule that was stopped for a server."""
    rule = reverse("incidents:rule_detail", args=[breaker.rule_id])
    return {
        "kind": "breaker",
        "title": f"Rule stopped: {breaker.rule.name}",
        "url": f"{rule}#breakers",
        "when": breaker.opened_at,
        "server": breaker.server,
        "detail": breaker.message,
        "badge": "STOPPED",
        "status": "STOPPED",
    }


def of_executions(rows: Iterable[Execution]) -> list[dict[str, Any]]:
    """Return what needs somebody: those of one batch together, what wants a decision by itself."""
    groups: dict[UUID, list[Execution]] = {}
    for row in rows:
        together = None if row.is_unknown else row.batch_id
        groups.setdefault(together or row.pk, []).append(row)
    return [
        of_execution(group[0]) if len(group) == 1 else of_batch(group) for group in groups.values()
    ]


def of_batch(unlucky: list[Execution]) -> dict[str, Any]:
    """Return those of one batch that did not help, as one."""
    first = unlucky[0]
    names = sorted(execution.server.name for execution in unlucky)
    listed = ", ".join(names[:_NAMES]) + (", …" if len(names) > _NAMES else ".")
    return {
        "kind": "batch",
        "title": f"{first.runbook.title}, a batch",
        "url": reverse("automation:batch_detail", args=[first.batch_id]),
        "when": max(
            (row.finished_at for row in unlucky if row.finished_at), default=first.queued_at
        ),
        "server": None,
        "detail": f"It did not help on {len(unlucky)} servers: {listed}",
        "badge": first.verdict or first.status,
        "status": first.status,
    }


def of_execution(execution: Execution) -> dict[str, Any]:
    """Return one execution, with its verdict where it has one, else its status."""
    monitor = reverse("automation:execution_detail", args=[execution.pk])
    return {
        "kind": "execution",
        "title": execution.runbook.title,
        "url": f"{monitor}#decision" if execution.is_unknown else monitor,
        "when": execution.finished_at,
        "server": execution.server,
        "detail": execution.error_message or execution.result_summary,
        "badge": execution.verdict or execution.status,
        "status": execution.status,
    }


def of_rollback(execution: Execution) -> dict[str, Any]:
    """Return a rollback that did not succeed."""
    return {
        "kind": "rollback",
        "title": f"Rollback: {execution.runbook.title}",
        "url": reverse("automation:execution_detail", args=[execution.pk]),
        "when": execution.rollback_at,
        "server": execution.server,
        "detail": execution.rollback_message,
        "badge": execution.rollback_status,
        "status": execution.rollback_status,
    }
