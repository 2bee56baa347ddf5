"""The endpoints of schedules: what runs by itself, and what became of each time."""

from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import schedule_serializers as serializers
from automation.api import started
from automation.api.queries import SchedulesQuery, SlotsQuery
from automation.api.template_serializers import StartedSerializer
from automation.api.templates import place
from automation.models import Priority, Schedule
from automation.selectors import access, runbooks, slots, templates, workflows
from automation.selectors import schedules as selectors
from automation.services import schedules
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed

_ONE = one("schedule", serializers.ScheduleSerializer)
_SAME = (
    "name",
    "description",
    "parameters",
    "cron_expression",
    "timezone",
    "is_dry_run",
    "missed",
    "overlap",
    "max_parallel",
)
_WHAT_AND_WHERE = {"runbook_id", "template_id", "workflow_id", "server_id", "server_group_id"}


class SchedulesView(APIView):
    """All schedules."""

    @endpoint(
        "listSchedules",
        tag="schedules",
        answers={200: page("schedules", serializers.ScheduleSerializer)},
        query=SchedulesQuery,
        fails=(403, 404),
    )
    def get(self, request: Request) -> Response:
        """List the schedules, by name."""
        permissions.require_view(request.user, roles.VIEW_SCHEDULES)
        asked = SchedulesQuery.of(request)
        rows = slots.search(selectors.visible_to(request.user), asked.get("search", ""))
        rows = SchedulesQuery.narrow(rows, asked)
        if "runbook_id" in asked:
            rows = slots.of_runbook(rows, runbooks.get(request.user, asked["runbook_id"]))
        return listed(asked, rows, name="schedules", serializer=serializers.ScheduleSerializer)

    @endpoint(
        "createSchedule",
        tag="schedules",
        takes=serializers.ScheduleSaveSerializer,
        answers={201: _ONE},
        fails=(403, 404, 409),
        leads_to=(
            "getSchedule id=schedule/id",
            "updateSchedule id=schedule/id",
            "listScheduleSlots id=schedule/id",
            "runSchedule id=schedule/id",
            "deleteSchedule id=schedule/id",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a schedule."""
        access.require_managing_schedules(request.user)
        asked = serializers.ScheduleSaveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        schedule = schedules.save(
            actor=user_of(request),
            is_confirmed=values["confirm"],
            is_active=values["is_active"],
            **_fields(request, values),
        )
        return _shown(request, schedule.pk, status=201)


class ScheduleView(APIView):
    """One schedule."""

    @endpoint("getSchedule", tag="schedules", answers={200: _ONE})
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a schedule with its next runs."""
        return _shown(request, selectors.get(request.user, pk).pk, status=200)

    @endpoint(
        "updateSchedule",
        tag="schedules",
        takes=serializers.ScheduleSaveSerializer,
        answers={200: _ONE},
        fails=(403, 404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a schedule, pause it, or let it go on (``isActive``)."""
        schedule = selectors.get(request.user, pk)
        access.require_managing_schedules(request.user)
        asked = serializers.ScheduleSaveSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        _change(request, schedule, asked.validated_data)
        return _shown(request, pk, status=200)

    @endpoint("deleteSchedule", tag="schedules", answers={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a schedule; what it ran stays."""
        schedule = selectors.get(request.user, pk)
        access.require_managing_schedules(request.user)
        schedules.delete(actor=user_of(request), schedule=schedule)
        return Response(status=204)


class ScheduleRunView(APIView):
    """Running what a schedule runs, by hand."""

    @endpoint(
        "runSchedule",
        tag="schedules",
        takes=serializers.ReasonSerializer,
        answers={201: StartedSerializer},
        fails=(400, 403, 404),
        leads_to=("getExecution id=execution/id", "getWorkflowRun id=workflowRun/id"),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Run it now: an execution on a server, a batch on a group, or the run of a workflow.

        Its times stay as they are.
        """
        schedule = selectors.get(request.user, pk)
        asked = serializers.ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        # The answer shows what was started, so who may not see that is told before.
        permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
        if schedule.workflow_id:
            permissions.require_view(request.user, roles.VIEW_WORKFLOWS)
        launched = schedules.run_now(
            actor=user_of(request), schedule=schedule, reason=asked.validated_data["reason"]
        )
        return started.shown(request, launched)


class SlotsView(APIView):
    """What became of the times of a schedule."""

    @endpoint(
        "listScheduleSlots",
        tag="schedules",
        answers={200: page("slots", serializers.ScheduleSlotSerializer)},
        query=SlotsQuery,
        fails=(403, 404),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """List the times at which a schedule was due, newest first, and what became of each."""
        schedule = selectors.get(request.user, pk)
        asked = SlotsQuery.of(request)
        rows = SlotsQuery.narrow(slots.of(schedule), asked)
        return listed(asked, rows, name="slots", serializer=serializers.ScheduleSlotSerializer)


def _fields(request: Request, values: dict[str, Any]) -> dict[str, Any]:
    """Return what the service takes, of what was sent; one of two takes the other's place."""
    fields = {name: values[name] for name in _SAME if name in values} | place(request, values)
    if "priority" in values:
        fields["priority"] = Priority[values["priority"]]
    # The service lets what is given take the place of the others.
    if values.get("runbook_id"):
        fields["runbook"] = runbooks.get(request.user, values["runbook_id"])
    elif values.get("template_id"):
        fields["template"] = templates.get(request.user, values["template_id"])
    elif values.get("workflow_id"):
        fields["workflow"] = workflows.get(request.user, values["workflow_id"])
    if fields.get("server"):
        fields["server_group"] = None
    elif fields.get("server_group"):
        fields["server"] = None
    return fields


@transaction.atomic
def _change(request: Request, schedule: Schedule, values: dict[str, Any]) -> None:
    fields, actor = _fields(request, values), user_of(request)
    if fields or "confirm" in values:
        # What somebody meant holds as long as it is the same runbook on the same servers.
        same = not _WHAT_AND_WHERE & values.keys()
        if schedule.workflow_id is not None:
            # Its inputs may say where.
            same = same and values.get("parameters", schedule.parameters) == schedule.parameters
        is_confirmed = values.get("confirm", schedule.is_confirmed and same)
        schedule = schedules.save(
            actor=actor, schedule=schedule, is_confirmed=is_confirmed, **fields
        )
    if values.get("is_active", schedule.is_active) is not schedule.is_active:
        schedules.set_active(actor=actor, schedule=schedule, on=values["is_active"])


def _shown(request: Request, pk: UUID, *, status: int) -> Response:
    shown = serializers.ScheduleSerializer.json_of(selectors.get(request.user, pk))
    return Response({"schedule": shown}, status=status)
