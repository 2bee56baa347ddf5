"""What lists of runbooks, executions, logs and batches can be asked for."""

from automation.engine.kinds import Category
from automation.engine.results import ActionStatus, Status, Verdict
from automation.models import ApprovalState, SlotState, Trigger
from automation.models.workflow import STATUSES
from automation.workflows import Form
from opsmanager.common.api.query import PagedQuery, Query
from opsmanager.common.api.query_fields import Flag, Ordering, Text, Uuid, When, Whole, Word, Words
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
    schedule_id = Uuid()
    template_id = Uuid()
    workflow_run_id = Uuid()
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
        "schedule_id": "schedule_id",
        "template_id": "template_id",
        "workflow_run_id": "workflow_run_id",
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


class ApprovalsQuery(PagedQuery):
    """Of approvals."""

    state = Words(ApprovalState.values)
    mine = Flag(help_text="Whether it waits for you: for your approval, or for your review.")
    execution_id = Uuid()
    workflow_run_id = Uuid()
    ordering = Ordering("asked_at", "expires_at")

    filters = {
        "state": "state__in",
        "execution_id": "execution",
        "workflow_run_id": "step__run",
    }


class WorkflowRunsQuery(PagedQuery):
    """Of the runs of workflows; ``search`` looks into name, reason and how they ended."""

    workflow_id = Uuid()
    schedule_id = Uuid()
    incident_id = Uuid()
    status = Words(STATUSES)
    triggered_by = Words(Trigger.values)
    is_dry_run = Flag()
    start_date = When(help_text="Of its start; included.")
    end_date = When(help_text="Of its start; not included.")
    search = Text()
    ordering = Ordering("started_at", "finished_at", "name")

    filters = {
        "workflow_id": "workflow_id",
        "schedule_id": "schedule_id",
        "incident_id": "incident_id",
        "status": "status__in",
        "triggered_by": "triggered_by__in",
        "is_dry_run": "is_dry_run",
        "start_date": "started_at__gte",
        "end_date": "started_at__lt",
    }


class BatchesQuery(PagedQuery):
    """Of batches."""

    runbook_id = Text(help_text=RUNBOOK, allow_empty=False)
    is_dry_run = Flag()
    ordering = Ordering("created_at")

    filters = {"is_dry_run": "is_dry_run"}


class TemplatesQuery(PagedQuery):
    """Of templates; ``search`` looks into name, description, runbook, server and group."""

    runbook_id = Text(help_text=RUNBOOK, allow_empty=False)
    server_id = Uuid()
    server_group_id = Uuid()
    search = Text()
    ordering = Ordering("name", "created_at", "updated_at")

    filters = {"server_id": "server_id", "server_group_id": "server_group_id"}


class WorkflowsQuery(PagedQuery):
    """Of workflows; ``search`` looks into name, description and all that they do."""

    is_active = Flag()
    search = Text()
    ordering = Ordering("name", "created_at", "updated_at")

    filters = {"is_active": "is_active"}


class WorkflowExportQuery(Query):
    """Of a workflow as a file."""

    format = Word(Form, default=Form.YAML)


class SchedulesQuery(PagedQuery):
    """Of schedules; ``search`` looks into name, description, place and what they run."""

    is_active = Flag()
    runbook_id = Text(help_text=f"{RUNBOOK} Also by a template.", allow_empty=False)
    template_id = Uuid()
    workflow_id = Uuid()
    server_id = Uuid()
    server_group_id = Uuid()
    search = Text()
    ordering = Ordering("name", "created_at", "updated_at")

    filters = {
        "is_active": "is_active",
        "template_id": "template_id",
        "workflow_id": "workflow_id",
        "server_id": "server_id",
        "server_group_id": "server_group_id",
    }


class SlotsQuery(PagedQuery):
    """Of the times at which a schedule was due."""

    state = Words(SlotState.values)
    ordering = Ordering("due_at")

    filters = {"state": "state__in"}
