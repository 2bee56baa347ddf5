"""A client that a public generator made from our document runs the whole story.

What it sends and gets are the generated models: were the document untrue, it could not read the
answers, and were it vague, there would be no models.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest

from tests.stack.client import PATIENCE
from tests.stack.demo import Demo
from tests.stack.stack import PASSWORD, Stack
from tests.support.generated import Calls, generate
from tests.support.unique import unique
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")

UNIT = "sessions.service"
"""On web-1; other tests of this stack don't need it."""


@pytest.fixture(scope="module")
def call(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """Return a client of what the running OpsManager says of itself, its own runbooks included."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.yaml"
    document.write_text(stack.api().get("schema/").text)
    with closing(Calls(generate(document, folder / "opsmanager_client"), stack.address)) as calls:
        yield calls


def made_known(call: Calls, demo: Demo, name: str) -> UUID:
    """Add a demo server once more, with a credential of its own; return its id."""
    m, described = call.models, demo.described[name]
    credential = call(
        "create_credential",
        expect=201,
        body=m.CredentialRequest(
            name=unique(name),
            username=described["username"],
            auth_type=m.AuthType.PRIVATE_KEY,
            private_key=demo.login_key(name),
        ),
    ).credential
    server = call(
        "create_server",
        expect=201,
        body=m.ServerRequest(
            name=unique(name),
            hostname=described["hostname"],
            port=described["port"],
            environment=m.Environment.STAGING,
            credential_id=credential.id,
            tags=["generated"],
        ),
    ).server
    assert server.platform is m.Platform.LINUX
    assert server.credential_id == credential.id
    found: UUID = server.id
    return found


def accept_host_key(call: Calls, server: UUID) -> None:
    """Look at the key that the server offers, and accept that one."""
    m = call.models
    key = call("get_host_key", server).host_key
    assert (key.status, key.accepted) == (m.HostKeyStatus.UNKNOWN, None)
    other = m.FingerprintRequest(fingerprint="SHA256:" + "A" * 43)
    assert call.refused("accept_host_key", server, body=other) == (409, "CONFLICT")
    offered = m.FingerprintRequest(fingerprint=key.offered.fingerprint)
    accepted = call("accept_host_key", server, body=offered).host_key
    assert accepted.status is m.HostKeyStatus.ACCEPTED
    assert accepted.accepted == key.offered
    assert call("check_server", server).check.reachable


def ended(call: Calls, execution: UUID, reached: Callable[[Any], bool] | None = None) -> Any:
    """Ask until the execution has ended, or is as ``reached`` says; return it."""
    deadline = time.monotonic() + PATIENCE
    live = {call.models.ExecutionStatus.PENDING, call.models.ExecutionStatus.RUNNING}
    while time.monotonic() < deadline:
        shown = call("get_execution", execution).execution
        if reached(shown) if reached else shown.status not in live:
            return shown
        time.sleep(0.2)
    raise AssertionError(f"It is still not there: {shown}")


def rows(call: Calls, execution: UUID) -> list[Any]:
    """Read the log as a client does that follows it: what comes after the last row that ended."""
    found: list[Any] = []
    while True:
        after = found[-1].seq if found else 0
        more = call("list_execution_logs", execution, after=after).logs
        if not more:
            return found
        assert all(row.seq > after for row in more)
        found += more[:2]  # in small bites, so that it has to ask again


def test_the_whole_story(call: Calls, stack: Stack, demo: Demo) -> None:
    m = call.models

    # A token.
    wrong = m.LoginRequest(username="admin", password="not this one")
    assert call.refused("create_token", body=wrong) == (401, "AUTHENTICATION_FAILED")
    token = call("create_token", body=m.LoginRequest(username="admin", password=PASSWORD))
    call.log_in(token.access)
    assert call("get_me").username == "admin"

    # Servers and their host keys.
    web, app = (made_known(call, demo, name) for name in ("web-1", "app-1"))
    for server in (web, app):
        accept_host_key(call, server)
    listed = call("list_servers", search="generated", ordering=m.ListServersOrdering.NAME)
    assert {web, app} <= {server.id for server in listed.servers}

    # Look before: what it takes, and whether it could run.
    runbook = call("get_runbook", "SERVICE_RESTART").runbook
    assert runbook.category is m.Category.RECOVERY
    assert "serviceName" in {parameter.name for parameter in runbook.parameters}
    parameters = m.ServiceRestartParameters(service_name=UNIT)
    target = m.ValidationRequest(server_id=web, parameters=parameters)
    valid = call("validate_runbook", "SERVICE_RESTART", body=target)
    assert isinstance(valid, m.Validation)
    assert valid.valid
    assert valid.checks.server_reachable
    bad = m.ValidationRequest(
        server_id=web, parameters=m.ServiceRestartParameters(service_name="../x")
    )
    refused = call("validate_runbook", "SERVICE_RESTART", expect=400, body=bad)
    assert isinstance(refused, m.ValidationRefused)
    assert not refused.checks.parameters_valid
    assert refused.errors["parametersValid"].code == "VALIDATION"
    nowhere = m.ValidationRequest(server_id=UUID(int=0), parameters=parameters)
    answer = call.refused("validate_runbook", "SERVICE_RESTART", body=nowhere)
    assert answer == (404, "NOT_FOUND")

    # A dry run of mending what is down, and then exactly that.
    demo.stop("web-1", UNIT)
    asked = m.DryRunRequest(server_id=web, parameters=parameters, reason="look first")
    dry = call("dry_run_runbook", "SERVICE_RESTART", expect=201, body=asked).execution
    assert ended(call, dry.id).status is m.ExecutionStatus.SUCCESS
    planned = [row for row in rows(call, dry.id) if row.status is m.ActionStatus.PLANNED]
    assert [row.command for row in planned if row.changes] == [f"systemctl restart {UNIT}"]

    launch = m.LaunchRequest(
        runbook_id="SERVICE_RESTART",
        server_id=web,
        parameters=parameters,
        dry_run_id=dry.id,
        priority=m.Priority.HIGH,
        reason="alert 4711",
    )
    key = unique("alert")
    first = call("launch_execution", expect=201, body=launch, idempotency_key=key).execution
    again = call("launch_execution", expect=201, body=launch, idempotency_key=key).execution
    assert again.id == first.id
    assert first.dry_run == dry.id
    launch.reason = "another request"
    answer = call.refused("launch_execution", body=launch, idempotency_key=key)
    assert answer == (422, "IDEMPOTENCY_KEY_REUSED")

    # Its log to the end, and what came of it.
    done = ended(call, first.id)
    assert (done.status, done.verdict) == (m.ExecutionStatus.SUCCESS, m.VerdictOrNone.FIXED)
    assert (done.priority, done.triggered_by) == (m.Priority.HIGH, m.Trigger.MANUAL)
    assert done.parameters["serviceName"] == UNIT
    assert (done.assessment_before.healthy, done.assessment_after.healthy) == (False, True)
    assert done.error_code is m.ErrorCodeOrNone.NONE
    assert done.why == []
    log = rows(call, first.id)
    assert [row.seq for row in log] == sorted({row.seq for row in log})
    assert log == call("list_execution_logs", first.id).logs
    (restart,) = [row for row in log if row.changes]
    assert restart.step_type is m.StepType.SSH_COMMAND
    assert (restart.command, restart.exit_code) == (f"systemctl restart {UNIT}", 0)
    steps = call("list_execution_logs", first.id, step_number=restart.step_number).logs
    assert restart in steps

    # Again: within the cooldown only by force, which wants a reason.
    cooling = call.answer("retry_execution", first.id, body=m.RetryRequest())
    assert cooling.status_code == 429
    assert cooling.parsed.code == "RATE_LIMIT_EXCEEDED"
    seconds = int(cooling.headers["Retry-After"])
    assert seconds == cooling.parsed.details["retryAfterSeconds"] > 0
    forced = m.RetryRequest(force=True)
    assert call.refused("retry_execution", first.id, body=forced) == (400, "VALIDATION")
    forced = m.RetryRequest(force=True, reason="it went down again")
    retried = call("retry_execution", first.id, expect=201, body=forced).execution
    assert retried.retry_of == first.id
    done = ended(call, retried.id)
    assert done.verdict is m.VerdictOrNone.NOTHING_TO_FIX, done

    # And back.
    plan = call("get_rollback_plan", retried.id).rollback
    assert plan.possible
    assert plan.steps[0].number > 0
    back = m.RollbackRequest(reason="it was a try")
    call("roll_back_execution", retried.id, body=back)
    live = {m.ExecutionStatusOrNone.PENDING, m.ExecutionStatusOrNone.RUNNING}
    done = ended(call, retried.id, lambda shown: shown.rollback_status not in live)
    assert done.status is m.ExecutionStatus.ROLLED_BACK, done
    assert call.refused("roll_back_execution", retried.id) == (400, "INVALID_STATE")

    # One that is cancelled in the middle of its command: a runbook of the organisation's own.
    number = f"6{random.randrange(100):02}.{random.randrange(10**9):09}"
    launch = m.LaunchRequest(
        runbook_id="ACME_LONG_WORK",
        server_id=web,
        parameters=m.AcmeLongWorkParameters(number=number),
    )
    long = call("launch_execution", expect=201, body=launch).execution
    eventually(lambda: any("started" in row.stdout for row in rows_now(call, long.id)))
    assert call.refused("delete_execution", long.id) == (400, "INVALID_STATE")
    call("cancel_execution", long.id)
    done = ended(call, long.id)
    assert done.status is m.ExecutionStatus.CANCELLED
    assert done.cancel_outcome is m.CancelOutcomeOrNone.STOPPED

    # On both servers at once.
    batch = call(
        "launch_batch",
        expect=201,
        body=m.BatchLaunchRequest(
            runbook_id="HEALTH_CHECK",
            server_ids=[web, app],
            parameters=m.HealthCheckParameters(disk_percent_max=100),
            max_parallel=1,
        ),
    ).batch
    assert (batch.total, batch.refusals) == (2, [])
    eventually(lambda: not unfinished(call, batch.id))
    shown = call("get_batch", batch.id).batch
    assert shown.succeeded == 2, shown
    assert {row.execution.server_id for row in shown.servers} == {web, app}
    assert {step.title for step in shown.steps}
    page = call("list_executions", batch_id=batch.id, limit=1, page=2)
    assert (page.total, page.page, page.limit, len(page.executions)) == (2, 2, 1, 1)

    # The history, filtered by several words and a flag.
    found = call(
        "list_executions",
        server_id=web,
        status=[m.ExecutionStatus.CANCELLED, m.ExecutionStatus.ROLLED_BACK],
        is_dry_run=False,
        start_date=first.queued_at,
    )
    assert {execution.id for execution in found.executions} == {long.id, retried.id}
    assert found.executions[0].queued_at > found.executions[1].queued_at

    analytics(call)

    # What is no longer wanted goes; what started a cooldown stays until that is over.
    assert call.refused("delete_execution", first.id) == (400, "INVALID_STATE")
    call("delete_execution", long.id, expect=204)
    assert call.refused("get_execution", long.id) == (404, "NOT_FOUND")
    assert call.refused("delete_execution", long.id) == (404, "NOT_FOUND")


def rows_now(call: Calls, execution: UUID) -> list[Any]:
    """Return the rows of the log as they are, also those that still grow."""
    found: list[Any] = call("list_execution_logs", execution).logs
    return found


def unfinished(call: Calls, batch: UUID) -> int:
    """Return how many of a batch have not ended."""
    shown = call("get_batch", batch).batch
    return int(shown.waiting + shown.running)


def analytics(call: Calls) -> None:
    """Ask what all of that adds up to."""
    if "get_success_rate" not in call.operations:
        return
    rate = call("get_success_rate", runbook_id="SERVICE_RESTART")
    assert rate.total_executions >= 2
    assert rate.successful_executions <= rate.total_executions
    assert 0 <= rate.success_rate <= 1
    assert sum(point.total for point in rate.timeline) == rate.total_executions
    for operation in ("get_execution_time", "get_most_used", "get_analytics_summary"):
        assert call(operation) is not None
