"""Workflows as pages and clients ask for them."""

from uuid import UUID

from django.db.models import Q, QuerySet

from automation.models import Workflow
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound


def visible_to(user: permissions.Actor) -> QuerySet[Workflow]:
    """Return the workflows that the user may see, by name."""
    rows = Workflow.objects.select_related("saved_by").order_by("name")
    return rows if permissions.may(user, roles.VIEW_WORKFLOWS) else rows.none()


def get(user: permissions.Actor, pk: UUID | str) -> Workflow:
    """Return a workflow that the user may see. Raises :class:`NotFound`."""
    workflow = visible_to(user).filter(pk=pk).first()
    if workflow is None:
        raise NotFound("There is no such workflow, or you may not see it.")
    return workflow


def search(rows: QuerySet[Workflow], text: str) -> QuerySet[Workflow]:
    """Return the rows with the text in name, description, or anywhere in what they do."""
    text = text.strip()
    if not text:
        return rows
    return rows.filter(
        Q(name__icontains=text) | Q(description__icontains=text) | Q(definition__icontains=text)
    )


def named(name: str) -> Workflow | None:
    """Return the workflow with this name, for the command line, which may see all."""
    return Workflow.objects.filter(name=name).first()
