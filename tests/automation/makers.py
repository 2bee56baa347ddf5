"""Makes the rows that the tests of automation and incidents need."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from automation.engine.results import ActionStatus, Status, StepType
from automation.models import Approval, CatalogEntry, Execution, ExecutionLog, Schedule, Trigger
from automation.services import schedules
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from servers.models import Environment, Server
from tests.support.users import user_with

_numbers = count(1)


def user(role: str = "NOC", *, operates: Server | None = None, **fields: Any) -> User:
    """Make a user with a role, who may run runbooks on one server if any."""
    name = fields.pop("username", f"{role.lower()}{next(_numbers)}")
    made = user_with(role, name=name, **fields)
    if operates is not None:
        permissions.grant(made, roles.OPERATE_SERVERS, operates)
    return made


def admin(**fields: Any) -> User:
    return user("ADMIN", **fields)


def server(**fields: Any) -> Server:
    number = next(_numbers)
    values = {
        "name": f"web{number}",
        "hostname": "127.0.0.1",
        "port": 1,
        "environment": Environment.DEVELOPMENT,
        **fields,
    }
    return Server.objects.create(**values)


def entry(runbook_id: str = "SAMPLE_MENDING", **changes: Any) -> CatalogEntry:
    """Return the row of a runbook, changed as an operator would."""
    row = CatalogEntry.objects.get(runbook_id=runbook_id)
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row


def execution(runbook: str | CatalogEntry = "SAMPLE_MENDING", **fields: Any) -> Execution:
    """Make an execution as it stands in the database, whatever the launch rules say."""
    row = runbook if isinstance(runbook, CatalogEntry) else entry(runbook)
    age = fields.pop("age_minutes", None)
    if age is not None:
        fields["queued_at"] = timezone.now() - timedelta(minutes=age)
    if "server" not in fields:
        fields["server"] = server()
    trigger = fields.setdefault("triggered_by", Trigger.MANUAL)
    values = {
        "runbook": row,
        "triggered_by_user": somebody() if trigger == Trigger.MANUAL else None,
        "on_behalf_of": None if trigger == Trigger.MANUAL else somebody(),
        "parameters": {"path": "/tmp/x"} if row.runbook_id == "SAMPLE_MENDING" else {},
        "changes": row.changes,
        "total_steps": 2,
        "step_titles": ["First", "Second"],
        **fields,
    }
    values = {**place_in_queue(**values), **values}
    made = Execution.objects.create(**values)
    made.refresh_from_db()
    return made


def somebody() -> User:
    """Return a user who may do everything."""
    user, _made = User.objects.get_or_create(username="somebody", is_superuser=True)
    return user


def place_in_queue(
    *,
    status: str = Status.PENDING,
    changes: bool = True,
    is_dry_run: bool = False,
    queued_at: datetime | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Return what the columns of queue, lease and server lock hold for this status."""
    if status == Status.PENDING:
        return {"waiting_since": queued_at} if queued_at else {}
    if status == Status.RUNNING:
        return {
            "waiting_since": None,
            "holds_server": changes and not is_dry_run,
            "lease_until": timezone.now() + timedelta(minutes=1),
        }
    return {"waiting_since": None}


def schedule(**fields: Any) -> Schedule:
    """Make a schedule, of an administrator and every minute unless told otherwise."""
    seen_until = fields.pop("seen_until", None)
    if not {"server", "server_group", "template"} & fields.keys():
        fields["server"] = server()
    values = {
        "actor": fields.pop("owner", None) or admin(),
        "name": f"Night work {next(_numbers)}",
        "cron_expression": "* * * * *",
        "timezone": "UTC",
        **fields,
    }
    if "template" not in values and "runbook" not in values:
        values["runbook"] = entry("SAMPLE_LOOKING")
    made = schedules.save(**values)
    if seen_until is not None:
        Schedule.objects.filter(pk=made.pk).update(seen_until=seen_until)
        made.refresh_from_db()
    return made


def approval(execution: Execution, **fields: Any) -> Approval:
    """Make what was asked of other people about an execution, as it stands in the database."""
    made = Approval.objects.create(
        **{
            "execution": execution,
            "title": str(execution),
            "needed": 1,
            "asked_by": execution.triggered_by_user,
            "expires_at": timezone.now() + timedelta(hours=24),
            **fields,
        }
    )
    made.refresh_from_db()
    return made


def log_row(execution: Execution, seq: int, **fields: Any) -> ExecutionLog:
    now = timezone.now()
    values = {
        "execution": execution,
        "seq": seq,
        "queued_at": execution.queued_at,
        "action_id": uuid4(),
        "step_number": 1,
        "step_name": "First",
        "step_type": StepType.SSH_COMMAND,
        "command": f"echo {seq}",
        "stdout": f"{seq}\n",
        "exit_code": 0,
        "status": ActionStatus.SUCCESS,
        "started_at": now - timedelta(milliseconds=1500),
        "finished_at": now,
        **fields,
    }
    return ExecutionLog.objects.create(**values)


def last_event(verb: str) -> AuditEvent:
    """Return the newest event of the trail with this verb."""
    return AuditEvent.objects.filter(verb=verb).order_by("-seq")[0]
