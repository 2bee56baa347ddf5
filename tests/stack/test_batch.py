"""One launch on twenty servers of which two are broken, through the running product."""

import time
from pathlib import Path
from typing import Any

import pytest

from opsmanager.embedded import port as ports
from servers.ssh.testing import Sshd
from tests.stack.client import PATIENCE
from tests.stack.servers import reached
from tests.stack.stack import Stack
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("stack")]


@pytest.fixture
def servers(stack: Stack, sshd: Sshd) -> list[dict[str, Any]]:
    """Return twenty servers: on one nobody listens, and on another the login is refused."""
    fields = reached(sshd)
    made = [stack.server("web", **fields) for _ in range(18)]
    strange = {**fields, "private_key": sshd.make_key("stranger")}
    made.append(stack.server("refusing", **strange))
    silent = stack.server("silent", **fields)
    stack.api().patch(f"servers/{silent['id']}", {"port": ports.free()}).expect(200)
    return [*made, silent]


def launch(stack: Stack, servers: list[dict[str, Any]], record: Path, **more: Any) -> Any:
    body = {
        "runbookId": "ACME_OWN_TURN",
        "serverIds": [server["id"] for server in servers],
        "parameters": {"record": str(record), "name": "batch"},
        **more,
    }
    return stack.api().post("automation/batches", body).expect(201)["batch"]


def ended(stack: Stack, batch: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        shown: dict[str, Any] = (
            stack.api().get(f"automation/batches/{batch['id']}").expect(200)["batch"]
        )
        if not shown["waiting"] and not shown["running"]:
            return shown
        time.sleep(0.2)
    raise AssertionError(f"It is still not over: {shown}")


def most_at_once(record: Path) -> int:
    """Return how many were under way together, by what they wrote down themselves."""
    now = most = 0
    for line in record.read_text().splitlines():
        now += 1 if line.startswith("begin") else -1
        most = max(most, now)
    return most


def test_eighteen_are_done_and_two_say_why_not(
    stack: Stack, servers: list[dict[str, Any]], tmp_path: Path
) -> None:
    record = tmp_path / "record"
    batch = ended(stack, launch(stack, servers, record, maxParallel=4, reason=unique("patch")))

    assert (batch["total"], batch["succeeded"], batch["failed"]) == (20, 18, 2)
    assert most_at_once(record) <= 4
    assert record.read_text().splitlines().count("end batch") == 18
    by_name = {row["execution"]["serverName"]: row for row in batch["servers"]}
    refusing = by_name[servers[18]["name"]]["execution"]
    silent = by_name[servers[19]["name"]]["execution"]
    assert refusing["errorCode"] == "AUTHENTICATION"
    assert silent["errorCode"] == "CONNECTION"
    assert all(one["errorMessage"] for one in (refusing, silent))
    assert [step["status"] for step in by_name[servers[0]["name"]]["steps"]] == ["SUCCESS"]
    (step,) = batch["steps"]
    assert step["summary"] == "All 18 said the same"
    assert len(step["sayings"][0]["servers"]) == 18


def test_after_the_first_failure_the_rest_is_not_begun(
    stack: Stack, servers: list[dict[str, Any]], tmp_path: Path
) -> None:
    record = tmp_path / "record"
    (tmp_path / "record.hold").touch()
    # One at a time, so that the broken one is reached before the others have all begun.
    broken_among = [servers[19], *servers[:4]]
    batch = launch(stack, broken_among, record, maxParallel=1, stopAfterFailures=1)
    (tmp_path / "record.hold").unlink()
    shown = ended(stack, batch)

    assert shown["failed"] == 1
    assert shown["stoppedAt"] is not None
    assert shown["stopReason"] == "1 execution failed, and it was to stop then."
    states = [row["execution"]["status"] for row in shown["servers"]]
    assert states.count("FAILED") == 1
    assert states.count("SUCCESS") + states.count("CANCELLED") == 4
    left_out = [
        row["execution"]["resultSummary"]
        for row in shown["servers"]
        if row["execution"]["status"] == "CANCELLED"
    ]
    assert set(left_out) <= {"Not begun: 1 execution failed, and it was to stop then."}
    begun = record.read_text().splitlines().count("begin batch") if record.exists() else 0
    assert begun == states.count("SUCCESS")


def test_a_place_is_kept_for_what_is_urgent(stack: Stack, sshd: Sshd, tmp_path: Path) -> None:
    high = stack.start(next(p for p in stack.plan.application() if p.name == "worker-high"))
    fields = reached(sshd)
    # More than the ordinary worker has threads.
    busy = [stack.server("busy", **fields) for _ in range(10)]
    urgent = stack.server("urgent", **fields)
    record = tmp_path / "record"
    hold = tmp_path / "record.hold"
    hold.touch()
    batch = launch(stack, busy, record)
    parameters = {"record": str(tmp_path / "urgent"), "name": "urgent"}
    try:
        done = stack.api().run("ACME_OWN_TURN", urgent, parameters=parameters, priority="HIGH")
        waiting = stack.api().get(f"automation/batches/{batch['id']}").expect(200)["batch"]
    finally:
        hold.unlink()
        high.stop()
        del stack.processes["worker-high"]
    assert done["status"] == "SUCCESS"
    assert waiting["succeeded"] == 0
    assert ended(stack, batch)["succeeded"] == 10
