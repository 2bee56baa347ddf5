"""Asks servers how UNKNOWN executions ended, until they answer or a person has decided."""

import threading
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from automation import wakeups
from automation.engine.results import Status
from automation.models import Execution
from automation.runner import lost
from opsmanager.common import zones
from servers.ssh.errors import SshError
from servers.ssh.pool import Pool
from servers.ssh.records import Record, RecordState, read_record
from servers.targets import target_of

log = structlog.get_logger(__name__)

_AGAIN_SECONDS: Final = 30


class Asker(threading.Thread):
    """Takes one UNKNOWN execution after the other, every few seconds."""

    def __init__(self, *, pool: Pool) -> None:
        super().__init__(name="asker", daemon=True)
        self._pool = pool
        self._closing = threading.Event()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()

    def run(self) -> None:
        """Ask until closed, whatever becomes of the database meanwhile."""
        while not self._closing.wait(settings.AUTOMATION_SWEEP_SECONDS):
            try:
                while not self._closing.is_set() and self.ask_next():
                    pass
            except Error as problem:
                log.warning("servers not asked; trying again", reason=str(problem).strip())
            except Exception:
                log.exception("servers not asked")
            finally:
                connection.close()

    def ask_next(self) -> bool:
        """Ask about the one that is due; ``False`` when none is."""
        execution = _take_due()
        if execution is None:
            return False
        changing = lost.last_change(execution)
        is_told = changing is not None and lost.is_recorded(execution, changing)
        if changing is None or not is_told or not lost.may_be_claimed(execution):
            Execution.objects.filter(pk=execution.pk).update(
                ask_server_at=None, revision=F("revision") + 1
            )
            return True
        try:
            target = target_of(execution.server)
            connection.close()
            with self._pool.session(target, stop=self._reason) as session:
                record = read_record(session, changing.action_id)
        except SshError as problem:
            log.info("server does not say", execution=str(execution.pk), reason=str(problem))
            return True
        _go_on(execution, record, command=changing.command)
        return True

    def _reason(self) -> str | None:
        return "CLOSING" if self._closing.is_set() else None


def _take_due() -> Execution | None:
    """Return the one to ask about now, its turn after this one noted."""
    with transaction.atomic():
        execution = (
            Execution.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("runbook", "server__credential")
            .filter(ask_server_at__lte=Now(), status=Status.UNKNOWN, server__zone__in=zones.here())
            .order_by("ask_server_at")
            .first()
        )
        if execution is None:
            return None
        Execution.objects.filter(pk=execution.pk).update(
            ask_server_at=Now() + timedelta(seconds=_AGAIN_SECONDS)
        )
        return execution


def _go_on(execution: Execution, record: Record, *, command: str) -> None:
    """Have it gone on with, where the record allows; else leave it to a person."""
    with transaction.atomic():
        row = (
            Execution.objects.select_for_update(of=("self",))
            .select_related("runbook", "server")
            .filter(pk=execution.pk, status=Status.UNKNOWN, ask_server_at__isnull=False)
            .first()
        )
        if row is None:  # a person was quicker
            return
        row.revision += 1
        if record.state is not RecordState.LOST:
            lost.queue_again(row, resumes=True)
        elif lost.may_be_done_twice(row) and not row.cancel_requested_at:
            lost.queue_again(row, resumes=False)
        else:
            row.ask_server_at = None
            row.error_message = (
                f"The server began this and has no record of its end: {command} - it was killed "
                "there, by a reboot for instance. Look at the server, then decide."
            )
        if row.holds_server and _is_held(row):
            # Another execution changes the server now: this one waits for it.
            row.holds_server = False
        row.save()
    log.info("server asked", execution=str(row.pk), record=record.state, now=row.status)
    if row.waiting_since is not None:
        wakeups.send([(row.pk, row.priority, row.server.zone)])


def _is_held(row: Execution) -> bool:
    return (
        Execution.objects.filter(server=row.server_id, holds_server=True)
        .exclude(pk=row.pk)
        .exists()
    )
