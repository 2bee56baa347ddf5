"""Workflows as pages and clients ask for them."""

from uuid import UUID

from django.db.models import Q, QuerySet

from automation import workflows
from automation.models import CatalogEntry, Template, Workflow
from automation.workflows import Run
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from opsmanager.common.uuids import as_uuid


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


def runbooks_of(workflow: Workflow) -> list[CatalogEntry]:
    """Return what its nodes run for real, each once, by title; what is not there is left out."""
    nodes = workflows.parsed(workflow.definition).nodes.values()
    real = [node for node in nodes if isinstance(node, Run) and not node.is_dry_run]
    saved = {node.template for node in real if node.template}
    ids = [uuid for name in saved if (uuid := as_uuid(name))]
    templates = Template.objects.filter(Q(name__in=saved) | Q(pk__in=ids))
    rows = CatalogEntry.objects.filter(
        Q(runbook_id__in={node.runbook for node in real if node.runbook})
        | Q(pk__in=templates.order_by().values("runbook"))
    )
    return list(rows.order_by("title"))


def named(name: str) -> Workflow | None:
    """Return the workflow with this name, for the command line, which may see all."""
    return Workflow.objects.filter(name=name).first()
