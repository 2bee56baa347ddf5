"""A cancel and the end of an execution in the same moment: it ends once, and once is told of it."""

import threading

import pytest
from django.db import connection

from automation.engine.results import Outcome, Status
from automation.models import Execution
from automation.runner.claim import claim
from automation.runner.finish import finish
from automation.services.executions import cancel
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import InvalidState
from tests.automation import makers
from tests.automation.runner.conftest import in_thread

pytestmark = pytest.mark.usefixtures("committed")

TIMES = 200
ENDS = ("AUTOMATION_EXECUTION_COMPLETED", "AUTOMATION_EXECUTION_CANCELLED")


def in_one_moment(execution: Execution, actor: User) -> set[str]:
    """Cancel it and let it end; return what was done."""
    claimed = claim(execution.pk, worker="test-worker")
    assert claimed is not None
    ready = threading.Barrier(2)
    done: set[str] = set()

    def end() -> None:
        with connection.cursor():
            ready.wait(60)
        if finish(claimed, Outcome(status=Status.SUCCESS, summary="Done."), worker="test-worker"):
            done.add("ended")

    def ask_to_cancel() -> None:
        with connection.cursor():
            ready.wait(60)
        try:
            cancel(actor=actor, execution=execution)
        except InvalidState:
            done.add("too late")
        else:
            done.add("asked")

    for thread in (in_thread(end), in_thread(ask_to_cancel)):
        thread.join(60)
    return done


def test_of_a_cancel_and_an_end_in_the_same_moment_one_comes_first() -> None:
    actor, server, entry = makers.admin(), makers.server(), makers.entry("SAMPLE_LOOKING")
    seen = []
    for _ in range(TIMES):
        execution = makers.execution(server=server, runbook=entry)
        done = in_one_moment(execution, actor)
        execution.refresh_from_db()
        assert execution.status == Status.SUCCESS
        assert (execution.cancel_requested_at is not None) == ("asked" in done)
        told = AuditEvent.objects.filter(target_id=str(execution.pk), verb__in=ENDS)
        assert [event.verb for event in told] == [ENDS[0]]
        assert "ended" in done
        seen.append(done - {"ended"})
    assert len(seen) == TIMES
