"""The endpoints of templates: saved parameters of runbooks, and running them."""

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import started
from automation.api import template_serializers as serializers
from automation.api.queries import TemplatesQuery
from automation.models import Template
from automation.selectors import runbooks
from automation.selectors import templates as selectors
from automation.services import templates
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from servers.selectors import groups, servers

_ONE = one("template", serializers.TemplateSerializer)


class TemplatesView(APIView):
    """All templates."""

    @endpoint(
        "listTemplates",
        tag="templates",
        answers={200: page("templates", serializers.TemplateSerializer)},
        query=TemplatesQuery,
        fails=(403, 404),
    )
    def get(self, request: Request) -> Response:
        """List the templates, by name."""
        permissions.require_view(request.user, roles.VIEW_TEMPLATES)
        asked = TemplatesQuery.of(request)
        rows = selectors.search(selectors.visible_to(request.user), asked.get("search", ""))
        rows = TemplatesQuery.narrow(rows, asked)
        if "runbook_id" in asked:
            rows = rows.filter(runbook=runbooks.get(request.user, asked["runbook_id"]))
        return listed(asked, rows, name="templates", serializer=serializers.TemplateSerializer)

    @endpoint(
        "createTemplate",
        tag="templates",
        takes=serializers.TemplateSaveSerializer,
        answers={201: _ONE},
        fails=(403, 404, 409),
        leads_to=(
            "getTemplate id=template/id",
            "updateTemplate id=template/id",
            "runTemplate id=template/id",
            "deleteTemplate id=template/id",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a template."""
        templates.require_managing(request.user)
        asked = serializers.TemplateSaveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = _fields(request, asked.validated_data)
        template = templates.save(actor=user_of(request), **fields)
        return _shown(request, template, status=201)


class TemplateView(APIView):
    """One template."""

    @endpoint("getTemplate", tag="templates", answers={200: _ONE})
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a template."""
        return _shown(request, selectors.get(request.user, pk), status=200)

    @endpoint(
        "updateTemplate",
        tag="templates",
        takes=serializers.TemplateSaveSerializer,
        answers={200: _ONE},
        fails=(403, 404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a template; ``parameters`` replace all but the saved secrets."""
        template = selectors.get(request.user, pk)
        templates.require_managing(request.user)
        asked = serializers.TemplateSaveSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        fields = _fields(request, asked.validated_data)
        template = templates.save(actor=user_of(request), template=template, **fields)
        return _shown(request, template, status=200)

    @endpoint("deleteTemplate", tag="templates", answers={204: None}, fails=(403, 404, 409))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a template that no schedule and no rule uses."""
        template = selectors.get(request.user, pk)
        templates.delete(actor=user_of(request), template=template)
        return Response(status=204)


class TemplateRunView(APIView):
    """Running a template."""

    @endpoint(
        "runTemplate",
        tag="templates",
        takes=serializers.TemplateRunSerializer,
        answers={201: serializers.StartedSerializer},
        fails=(400, 403, 404),
        is_idempotent=True,
        leads_to=("getExecution id=execution/id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Run a template: an execution on a server, a batch on a group."""
        template = selectors.get(request.user, pk)
        asked = serializers.TemplateRunSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        # The answer shows what was started, so who may not see that is told before.
        permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
        is_dry_run = values["is_dry_run"]
        launched = templates.run(
            actor=user_of(request),
            template=template,
            is_dry_run=settings.AUTOMATION_DRY_RUN_DEFAULT if is_dry_run is None else is_dry_run,
            is_confirmed=values["confirm"],
            reason=values["reason"],
            parameters=values["parameters"],
            idempotency_key=request.headers.get("Idempotency-Key"),
            **place(request, values),
        )
        return started.shown(request, launched)


def place(request: Request, values: dict[str, Any]) -> dict[str, Any]:
    """Return the server and the group that were named, as far as the caller may see them.

    Raises :class:`NotFound`.
    """
    found: dict[str, Any] = {}
    if "server_id" in values:
        pk = values["server_id"]
        found["server"] = servers.get(request.user, pk) if pk else None
    if "server_group_id" in values:
        pk = values["server_group_id"]
        found["server_group"] = groups.get(request.user, pk) if pk else None
    return found


def _fields(request: Request, values: dict[str, Any]) -> dict[str, Any]:
    own = ("name", "description", "parameters")
    fields = {name: values[name] for name in own if name in values} | place(request, values)
    if "runbook_id" in values:
        fields["runbook"] = runbooks.get(request.user, values["runbook_id"])
    return fields


def _shown(request: Request, template: Template, *, status: int) -> Response:
    row = selectors.get(request.user, template.pk) if status == 201 else template
    return Response({"template": serializers.TemplateSerializer.json_of(row)}, status=status)
