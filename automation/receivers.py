"""What automation does when Django, or automation itself, says that something happened."""

from functools import partial
from typing import Any

import structlog
from django.apps.registry import Apps
from django.db import transaction
from django.db.models import Model

from automation import catalog, wakeups
from automation.models import Approval, CatalogEntry, Execution
from automation.services import telling

log = structlog.get_logger(__name__)


def sync_catalog(*, apps: Apps | None = None, **_: Any) -> None:
    """Give each runbook of the code its row, after a migration that led to the code's own tables.

    ``apps`` are as the migration left them: on the way back they lack what the code knows.
    """
    if apps is None or _columns(apps.get_model("automation", "CatalogEntry")) == _columns(
        CatalogEntry
    ):
        catalog.sync()


def _columns(model: type[Model]) -> set[str | None]:
    return {field.column for field in model._meta.local_concrete_fields}  # noqa: SLF001 - Django's public API


def go_on_with_workflow(*, execution: Execution, **_: Any) -> None:
    """Have a worker go on with the workflow that an execution belongs to, once that is committed.

    The sweep of any worker finds it, where the message is lost.
    """
    if execution.workflow_run_id is not None:
        transaction.on_commit(partial(wakeups.advance, [execution.workflow_run_id]))


def go_on_after_approval(*, approval: Approval, **_: Any) -> None:
    """Have a worker go on with the workflow that waited for an approval."""
    if approval.step is not None:
        transaction.on_commit(partial(wakeups.advance, [approval.step.run_id]))


def tell_channels(*, execution: Execution, **_: Any) -> None:
    """Tell the channels how an execution ended; whatever that meets, others hear of it too."""
    if telling.event_of(execution) is None:
        return
    try:
        with transaction.atomic():
            telling.tell_of(execution)
    except Exception:
        log.exception("the end of an execution could not be told", execution=str(execution.pk))
