from typing import Any

import pytest
from pytest_django import Settings

from automation.engine.results import ActionStatus, Status, StepType
from automation.models import Execution, ExecutionLog
from automation.runner.process import WorkerProcess
from automation.services.executions import cancel
from opsmanager.common.addresses import Allowed
from servers.models import Server
from tests.automation import makers
from tests.automation.runner.conftest import in_thread, wait_until
from tests.automation.runner.web import Exchange, WebServer

HERE = Allowed.parse(["127.0.0.1"])


def calling(server: Server, url: str, method: str = "GET", **fields: Any) -> Execution:
    parameters = {"url": url, "method": method}
    return makers.execution("SAMPLE_CALLING", server=server, parameters=parameters, **fields)


def done(worker: WorkerProcess, execution: Execution) -> ExecutionLog:
    """Run it and return the one row of its log."""
    worker.run(execution.pk)
    execution.refresh_from_db()
    return ExecutionLog.objects.get(execution=execution)


def test_a_call_is_a_row_of_the_log(
    worker: WorkerProcess, server: Server, settings: Settings
) -> None:
    settings.AUTOMATION_HTTP_ALLOWED_NETWORKS = HERE
    with WebServer(lambda it: it.answer(201, b"made\0")) as web:
        url = f"http://127.0.0.1:{web.port}/?token=hunter2"
        execution = calling(server, url, "POST")
        row = done(worker, execution)
    assert (execution.status, execution.result_summary) == (Status.SUCCESS, "made␀")
    assert (row.step_type, row.changes) == (StepType.API_CALL, True)
    assert row.command == f"POST http://127.0.0.1:{web.port}/?token=***"
    assert (row.status, row.stdout, row.exit_code) == (ActionStatus.SUCCESS, "made␀", 201)
    assert web.received[0].target == "/?token=hunter2"


def test_a_dry_run_sends_no_changing_call(
    worker: WorkerProcess, server: Server, settings: Settings
) -> None:
    settings.AUTOMATION_HTTP_ALLOWED_NETWORKS = HERE
    with WebServer() as web:
        url = f"http://127.0.0.1:{web.port}/"
        row = done(worker, calling(server, url, "POST", is_dry_run=True))
    assert (row.status, row.command) == (ActionStatus.PLANNED, f"POST {url}")
    assert web.connections == 0


def test_an_internal_address_is_refused_unless_it_was_opened(
    worker: WorkerProcess, server: Server
) -> None:
    with WebServer() as web:
        execution = calling(server, f"http://127.0.0.1:{web.port}/")
        row = done(worker, execution)
    assert web.connections == 0
    assert (execution.status, execution.error_code) == (Status.FAILED, "VALIDATION")
    assert "127.0.0.1 is a loopback address." in execution.error_message
    assert "AUTOMATION_HTTP_ALLOWED_NETWORKS" in execution.error_message
    assert (row.status, row.error_message) == (ActionStatus.FAILED, execution.error_message)


def test_a_changing_call_whose_answer_is_cut_off_leaves_it_unknown(
    worker: WorkerProcess, server: Server, settings: Settings
) -> None:
    settings.AUTOMATION_HTTP_ALLOWED_NETWORKS = HERE
    with WebServer(Exchange.cut) as web:
        execution = calling(server, f"http://127.0.0.1:{web.port}/", "POST")
        row = done(worker, execution)
    assert (execution.status, execution.error_code) == (Status.UNKNOWN, "CONNECTION_LOST")
    assert row.status == ActionStatus.UNKNOWN


@pytest.mark.parametrize(("method", "outcome"), [("GET", ""), ("POST", "UNREACHABLE")])
def test_a_cancel_ends_the_wait_for_a_silent_peer(
    worker: WorkerProcess, server: Server, settings: Settings, method: str, outcome: str
) -> None:
    settings.AUTOMATION_HTTP_ALLOWED_NETWORKS = HERE
    with WebServer(Exchange.be_silent) as web:
        execution = calling(server, f"http://127.0.0.1:{web.port}/", method)
        thread = in_thread(lambda: worker.run(execution.pk))
        wait_until(lambda: web.received)
        row = ExecutionLog.objects.filter(execution=execution)
        wait_until(lambda: row.filter(status=ActionStatus.RUNNING).exists())
        cancel(actor=makers.admin(), execution=execution)
        thread.join(30)
        assert not thread.is_alive()
    execution.refresh_from_db()
    assert (execution.status, execution.cancel_outcome) == (Status.CANCELLED, outcome)
    assert row.get().status == ActionStatus.CANCELLED
