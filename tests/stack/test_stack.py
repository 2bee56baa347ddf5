"""The running stack is ready, and its processes hold the secrets they need and no others."""

import json
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.stack.stack import Stack
from tests.support.unique import unique
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")


def environment(stack: Stack, name: str) -> list[dict[str, str]]:
    """Return the environment of each process that the program `name` consists of."""
    leader = psutil.Process(stack.processes[name].process.pid)
    return [process.environ() for process in (leader, *leader.children(recursive=True))]


def test_every_part_is_there(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.address}/readyz", timeout=60) as answer:
        said = json.load(answer)

    assert said == {
        "ready": True,
        "checks": {"database": True, "redis": True, "workers": True, "beat": True},
    }


def test_only_the_worker_is_told_where_the_private_keys_lie(stack: Stack) -> None:
    name = "OPSMANAGER_CREDENTIAL_PRIVATE_KEYS_FILE"

    assert all(Path(one[name]).exists() for one in environment(stack, "worker"))
    for other in ("web", "beat"):
        assert all("PRIVATE_KEYS" not in " ".join(one) for one in environment(stack, other))


def test_a_token_comes_with_a_role_and_is_wanted_everywhere(stack: Stack) -> None:
    noc = stack.user("NOC")
    me = stack.api(noc).get("auth/me").expect(200)

    assert (me["username"], me["role"]) == (noc, "NOC")
    refused = stack.api().get("automation/executions")
    assert refused.status == 200
    with pytest.raises(urllib.error.HTTPError, match="401") as caught:
        urllib.request.urlopen(f"{stack.address}/api/v1/automation/executions", timeout=60)
    caught.value.close()


def test_what_was_done_is_sealed_by_a_worker_and_the_trail_is_whole(stack: Stack) -> None:
    made = stack.api().post("servers/groups", {"name": unique("web")}).expect(201)["group"]
    query = f"audit/events?targetId={made['id']}"
    (event,) = stack.api().get(query).expect(200)["events"]
    assert (event["verb"], event["actorName"], event["address"]) == (
        "SERVER_GROUP_CREATED",
        "admin",
        "127.0.0.1",
    )

    def is_sealed() -> bool:
        found = stack.api().get("audit/verify").expect(200)["verification"]
        assert found["problems"] == []
        return found["head"] is not None and found["head"]["lastSeq"] >= event["seq"]

    eventually(is_sealed)
    ended = stack.manage("verify_audit")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("The audit trail is whole")
