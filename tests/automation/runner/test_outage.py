"""A database that is away when an execution begins ends it no more than it was begun."""

import pytest
from django.db import DataError, IntegrityError, OperationalError

from automation.engine.results import Status
from automation.models import ExecutionLog
from automation.runner import attempts, process
from automation.runner.outage import is_outage
from automation.runner.process import WorkerProcess
from automation.runner.sweep import reap
from servers.models import Server
from tests.automation import makers
from tests.automation.runner.committed import outage
from tests.automation.runner.conftest import expire


def test_only_what_passes_is_an_outage() -> None:
    assert is_outage(OperationalError("gone"))
    assert not any(map(is_outage, (DataError("x"), IntegrityError("x"), ValueError("x"))))


@pytest.mark.parametrize(
    ("where", "name"),
    [(attempts, "check_nothing_is_masked"), (process, "accepted_keys")],
)
def test_an_execution_that_could_not_be_begun_is_begun_again(
    worker: WorkerProcess,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
) -> None:
    execution = makers.execution("SAMPLE_SCRIPTED", server=server, parameters={"reads": ["true"]})
    real = getattr(where, name)

    def while_away(*words: object, **more: object) -> object:
        """Ask the database, which is away, before the real thing is done."""
        with outage():
            ExecutionLog.objects.exists()
        return real(*words, **more)

    with monkeypatch.context() as patched:
        patched.setattr(where, name, while_away)
        worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.status == Status.RUNNING
    expire(execution)
    # The worker's own sweep may be quicker.
    reap(worker="sweeping", grace=0)
    execution.refresh_from_db()
    assert execution.status == Status.PENDING
    worker.run(execution.pk)
    execution.refresh_from_db()
    assert execution.status == Status.SUCCESS
