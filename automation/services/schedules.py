"""Schedules: made, changed, paused and deleted, each with its line in the trail and beat's row."""

from typing import Any, Final

from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Now

from automation.models import Schedule, Trigger
from automation.runner import leftovers
from automation.services import beat_rows, schedule_checks, slots, starting
from automation.services.starting import Started
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import secrets_in_use
from opsmanager.common.clock import database_now
from opsmanager.common.problems import NotFound

_FIELDS: Final = frozenset(
    {
        "name",
        "description",
        "runbook",
        "template",
        "workflow",
        "server",
        "server_group",
        "cron_expression",
        "timezone",
        "is_active",
        "is_dry_run",
        "priority",
        "missed",
        "overlap",
        "max_parallel",
    }
)
_EITHER: Final = (("runbook", "template", "workflow"), ("server", "server_group"))
_NOT_OF_WORKFLOWS: Final = ("server", "server_group", "max_parallel")
"""A workflow says itself where it runs."""
_WHEN: Final = frozenset({"cron_expression", "timezone"})


@transaction.atomic
def save(
    *,
    actor: User,
    schedule: Schedule | None = None,
    is_confirmed: bool = False,
    **fields: Any,
) -> Schedule:
    """Make a schedule, or change one; from now on it runs for ``actor``.

    ``fields`` are those of :class:`Schedule`, ``parameters`` with the secret ones among them: they
    are kept sealed, and stay what they were while none is given. Who changes it has to say anew
    that they mean it (``is_confirmed``), where that is asked for.

    Raises :class:`Invalid` with details by the names of the API, :class:`Conflict` for a name that
    another one has, :class:`NotPermitted` when the actor may not run it there, :class:`NotFound`
    when it was deleted meanwhile.
    """
    row = _held(schedule) if schedule is not None else Schedule()
    is_new = schedule is None
    before = {name: getattr(row, name) for name in _FIELDS}
    was = (row.is_active, row.parameters, row.secret_parameters)
    values = _with_either(fields)
    parameters = values.pop("parameters", None)
    if "description" in values:
        values["description"] = secrets_in_use.masked(values["description"])
    if not is_new and row.is_active and _WHEN & values.keys():
        # What is due by the old times is not lost with them.
        slots.settle(row, now=database_now())
    for name, value in values.items():
        if name not in _FIELDS:
            raise TypeError(f"A schedule has no field {name}.")
        setattr(row, name, value)
    checked = schedule_checks.checked(row, actor=actor, parameters=parameters)
    row.name, row.cron_expression = row.name.strip(), checked.cron_expression
    row.is_confirmed = is_confirmed
    row.parameters = checked.parameters
    schedule_checks.require_confirmation(row, actor=actor)
    row.owner = actor
    row.secret_parameters = checked.sealed(kept=row.secret_parameters)
    changed = {name: getattr(row, name) for name in _FIELDS if getattr(row, name) != before[name]}
    if not is_new and (_WHEN & changed.keys() or (row.is_active and not was[0])):
        row.seen_until = Now()
    row.save()
    if not row.is_active:
        slots.forget_waiting(row, "Left out, for the schedule was paused while it waited.")
    _keep_beat_row(row)
    told = {name: _told(value) for name, value in changed.items()}
    if row.parameters != was[1]:
        told["parameters"] = row.parameters
    if row.secret_parameters != was[2]:
        told["secretParameters"] = row.secret_parameters.names if row.secret_parameters else []
    trail.record(
        "AUTOMATION_SCHEDULE_CREATED" if is_new else "AUTOMATION_SCHEDULE_UPDATED",
        actor=actor,
        target=row,
        changed=told,
    )
    _forget_secrets(was[2], row)
    row.refresh_from_db()
    return row


@transaction.atomic
def set_active(*, actor: User, schedule: Schedule, on: bool) -> Schedule:
    """Pause or resume a schedule. What was due while it was paused is not made up for."""
    row = _held(schedule)
    if row.is_active is on:
        return row
    row.is_active = on
    if on:
        row.seen_until = Now()
    else:
        slots.forget_waiting(row, "Left out, for the schedule was paused while it waited.")
    row.save(update_fields=["is_active", "seen_until", "updated_at"])
    _keep_beat_row(row)
    trail.record(
        "AUTOMATION_SCHEDULE_RESUMED" if on else "AUTOMATION_SCHEDULE_PAUSED",
        actor=actor,
        target=row,
    )
    row.refresh_from_db()
    return row


@transaction.atomic
def delete(*, actor: User, schedule: Schedule) -> None:
    """Delete a schedule with what became of its times; what it ran stays."""
    row = _held(schedule)
    trail.record(
        "AUTOMATION_SCHEDULE_DELETED",
        actor=actor,
        target=row,
        cronExpression=row.cron_expression,
        timezone=row.timezone,
        runs=starting.named(row).runs,
        on=starting.named(row).on,
    )
    beat_rows.drop(row)
    secrets = row.secret_parameters
    row.delete()
    _forget_secrets(secrets, None)


def run_now(*, actor: User, schedule: Schedule, reason: str = "") -> Started:
    """Run what the schedule runs, at once and for ``actor``, whatever its times.

    Raises the :class:`Problem` that holds it back.
    """
    return starting.start(schedule, actor=actor, trigger=Trigger.MANUAL, reason=reason)


def _held(schedule: Schedule) -> Schedule:
    """Return the row, which nobody else changes until the transaction ends."""
    row = (
        Schedule.objects.select_for_update(of=("self",))
        .select_related(
            "runbook",
            "template__runbook",
            "workflow",
            "server",
            "server_group",
            "owner",
            "secret_parameters",
            "periodic_task",
        )
        .filter(pk=schedule.pk)
        .first()
    )
    if row is None:
        raise NotFound("The schedule was deleted a moment ago.")
    return row


def _with_either(fields: dict[str, Any]) -> dict[str, Any]:
    """Let what is given take the place of what it excludes: a template that of a runbook."""
    values = dict(fields)
    for names in _EITHER:
        if any(fields.get(name) is not None for name in names):
            values |= {name: None for name in names if name not in fields}
    if fields.get("workflow") is not None:
        values |= {name: None for name in _NOT_OF_WORKFLOWS if name not in fields}
    return values


def _keep_beat_row(row: Schedule) -> None:
    task = beat_rows.keep(row)
    if row.periodic_task_id != task.pk:
        row.periodic_task = task
        row.save(update_fields=["periodic_task"])


def _forget_secrets(before: Any, row: Schedule | None) -> None:
    if before is not None and (row is None or row.secret_parameters_id != before.pk):
        # Unless an execution or another schedule refers to them.
        leftovers.delete_secrets([before.pk])


def _told(value: Any) -> Any:
    if isinstance(value, Model):
        return str(value)
    return value if isinstance(value, bool | int | str | None) else str(value)
