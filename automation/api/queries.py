"""What lists of runbooks, executions, logs and batches can be asked for."""

from automation.engine.kinds import Category
from automation.engine.results import ActionStatus, Status, Verdict
from automation.models import Trigger
from opsmanager.common.api.query import PagedQuery, Query
from opsmanager.common.api.query_fields import Flag, Ordering, Text, Uuid, When, Whole, Words
from servers.models import Platform

_MOST = 2**31 - 1
RUNBOOK = "Its id such as SERVICE_RESTART, or its UUID."


class RunbooksQuery(PagedQuery):
    """Of the library; ``search`` looks into id, title and summary."""

    search = Text()
    category = Words(Category)
    platform = Words(Platform.values)
    is_active = Flag()
    ordering = Ordering("title", "runbook_id", "category")

    filters = {
        "category": "category__in",
        "platform": "platforms__overlap",
        "is_active": "is_active",
    }


class ExecutionsQuery(PagedQuery):
    """Of executions; ``search`` looks into runbook, server, reason, summary and error."""

    runbook_id = Text(help_text=RUNBOOK, allow_empty=False)
    server_id = Uuid()
    incident_id = Uuid()
    batch_id = Uuid()
    status = Words(Status)
    verdict = Words(Verdict)
    triggered_by = Words(Trigger.values)
    is_dry_run = Flag()
    start_date = When(help_text="Of being queued; included.")
    end_date = When(help_text="Of being queued; not included.")
    search = Text()
    ordering = Ordering("queued_at", "started_at", "finished_at", "status")

    filters = {
        "server_id": "server_id",
        "incident_id": "incident_id",
        "batch_id": "batch_id",
        "status": "status__in",
        "verdict": "verdict__in",
        "triggered_by": "triggered_by__in",
        "is_dry_run": "is_dry_run",
        "start_date": "queued_at__gte",
        "end_date": "queued_at__lt",
    }


class StreamQuery(Query):
    """Of the stream of one execution's log."""

    after = Whole(0, _MOST, default=0, help_text="The last `seq` seen; later rows are answered.")


class LogsQuery(StreamQuery):
    """Of the log of one execution."""

    limit = Whole(1, 1000, help_text="How many rows at most; all of them without.")
    # Proxies often allow an answer 30 seconds.
    wait = Whole(
        0,
        20,
        default=0,
        help_text="For how many seconds at most the answer is kept back until the next row, or the "
        "execution, has ended.",
    )
    step_number = Whole(0, _MOST)
    status = Words(ActionStatus)

    filters = {"step_number": "step_number", "status": "status__in"}


class BatchesQuery(PagedQuery):
    """Of batches."""

    runbook_id = Text(help_text=RUNBOOK, allow_empty=False)
    is_dry_run = Flag()
    ordering = Ordering("created_at")

    filters = {"is_dry_run": "is_dry_run"}
