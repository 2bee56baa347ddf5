"""Templates as pages and clients ask for them."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from automation.models import Execution, Template
from automation.selectors import executions
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from servers.models import Environment, Server


def visible_to(user: permissions.Actor) -> QuerySet[Template]:
    """Return the templates that the user may see, by name."""
    rows = Template.objects.select_related(
        "runbook", "server", "server_group", "secret_parameters", "created_by"
    ).order_by("name")
    return rows if permissions.may(user, roles.VIEW_TEMPLATES) else rows.none()


def get(user: permissions.Actor, pk: UUID | str) -> Template:
    """Return a template that the user may see. Raises :class:`NotFound`."""
    template = visible_to(user).filter(pk=pk).first()
    if template is None:
        raise NotFound("There is no such template, or you may not see it.")
    return template


def search(rows: QuerySet[Template], text: str) -> QuerySet[Template]:
    """Return the rows with the text in name, description, runbook, server or group."""
    text = text.strip()
    if not text:
        return rows
    return rows.filter(
        Q(name__icontains=text)
        | Q(description__icontains=text)
        | Q(runbook__runbook_id__icontains=text)
        | Q(runbook__title__icontains=text)
        | Q(server__name__icontains=text)
        | Q(server_group__name__icontains=text)
    )


def runs_of(user: permissions.Actor, template: Template) -> QuerySet[Execution]:
    """Return the executions of a template that the user may see, newest first."""
    return executions.visible_to(user).filter(template_id=template.pk)


def with_last_run(user: permissions.Actor, rows: QuerySet[Template]) -> list[Template]:
    """Return the rows for a list.

    Each has ``last_run``, its newest execution that the user may see or ``None``, and
    ``wants_a_look``: whether more than one click is needed, to choose a place or to confirm one.
    """
    newest = executions.visible_to(user).filter(template_id=OuterRef("pk"))
    production = Server.objects.filter(
        groups=OuterRef("server_group"), environment=Environment.PRODUCTION, is_active=True
    )
    found: list[Template] = list(
        rows.annotate(
            last_run_id=Subquery(newest.values("pk")[:1]), group_in_production=Exists(production)
        )
    )
    ids: list[UUID | None] = [row.last_run_id for row in found]  # type: ignore[attr-defined]
    runs = Execution.objects.in_bulk([pk for pk in ids if pk])
    for row, pk in zip(found, ids, strict=True):
        row.last_run = runs.get(pk) if pk else None  # type: ignore[attr-defined]
        row.wants_a_look = (  # type: ignore[attr-defined]
            row.runbook.dangerous
            or row.group_in_production  # type: ignore[attr-defined] # annotated above
            or (row.server is None and row.server_group is None)
            or (row.server is not None and row.server.is_production)
        )
    return found
