from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from automation.engine.results import ActionStatus, Status
from automation.models import Batch, Execution
from servers.models import Server, ServerGroup
from tests.automation import makers
from tests.automation.api.conftest import API, PERSONAS

As = Callable[[str], Client]


@pytest.fixture
def others(server: Server) -> list[Server]:
    return [server, makers.server(), makers.server()]


def asked(servers: list[Server], **more: Any) -> dict[str, Any]:
    return {
        "runbookId": "SAMPLE_MENDING",
        "serverIds": [str(server.pk) for server in servers],
        "parameters": {"path": "/tmp/x"},
        **more,
    }


def post(client: Client, body: object, path: str = "/batches", **headers: str) -> Any:
    return client.post(f"{API}{path}", body, "application/json", headers=headers)


@pytest.mark.parametrize(
    ("name", "status"), list(zip(PERSONAS, [201, 201, 201, 403, 404, 401], strict=True))
)
def test_who_may_launch(as_: As, others: list[Server], name: str, status: int) -> None:
    answer = post(as_(name), asked(others))
    assert answer.status_code == status, answer.content
    if status == 201:
        refused = {"admin": 0, "granted": 2, "stranger": 3}[name]
        assert len(answer.json()["batch"]["refusals"]) == refused
        assert Execution.objects.count() == 3 - refused


def test_a_launched_batch(as_: As, others: list[Server]) -> None:
    body = asked(others, maxParallel=2, stopAfterFailures=1, reason="Patch day.", priority="LOW")
    shown = post(as_("granted"), body).json()["batch"]
    assert shown["runbookId"] == "SAMPLE_MENDING"
    assert (shown["maxParallel"], shown["stopAfterFailures"]) == (2, 1)
    assert (shown["reason"], shown["priority"], shown["isDryRun"]) == ("Patch day.", "LOW", False)
    assert (shown["total"], shown["waiting"], shown["failed"]) == (1, 1, 0)
    assert {refusal["code"] for refusal in shown["refusals"]} == {"NOT_PERMITTED"}
    assert {refusal["serverName"] for refusal in shown["refusals"]} == {
        others[1].name,
        others[2].name,
    }
    (row,) = shown["servers"]
    assert row["execution"]["batchId"] == shown["id"]
    assert [step["status"] for step in row["steps"]] == ["PENDING"]
    assert [step["title"] for step in shown["steps"]] == ["Make the file"]
    listed = as_("granted").get(f"{API}/executions", {"batchId": shown["id"]}).json()
    assert [each["id"] for each in listed["executions"]] == [row["execution"]["id"]]


def test_a_group_is_launched_on(as_: As, others: list[Server]) -> None:
    group = ServerGroup.objects.create(name="web")
    for server in others[:2]:
        server.groups.add(group)
    body = {**asked([]), "serverGroupId": str(group.pk)}
    assert post(as_("admin"), body).json()["batch"]["total"] == 2


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"serverIds": []}, "serverIds"),
        ({"serverGroupId": str(uuid4())}, "serverIds"),
        ({"maxParallel": 0}, "maxParallel"),
        ({"stopAfterFailures": 0}, "stopAfterFailures"),
        ({"parameters": {}}, "path"),
    ],
)
def test_what_is_not_valid_is_refused_by_name(
    as_: As, others: list[Server], more: dict[str, Any], name: str
) -> None:
    answer = post(as_("admin"), asked(others, **more))
    assert answer.status_code == 400
    assert name in answer.json()["details"]
    assert not Batch.objects.exists()


@pytest.mark.parametrize("more", [{"serverIds": [str(uuid4())]}, {"runbookId": "GONE"}])
def test_what_is_not_there_is_404(as_: As, others: list[Server], more: dict[str, Any]) -> None:
    assert post(as_("admin"), asked(others, **more)).status_code == 404
    body = {**asked([]), "serverGroupId": str(uuid4())}
    assert post(as_("admin"), body).status_code == 404


def test_an_idempotency_key_is_honoured(as_: As, others: list[Server]) -> None:
    headers = {"Idempotency-Key": "abc"}
    first = post(as_("admin"), asked(others), **headers).json()["batch"]
    again = post(as_("admin"), asked(others), **headers)
    assert (again.status_code, again.json()["batch"]["id"]) == (201, first["id"])
    assert post(as_("admin"), asked(others, reason="Else."), **headers).status_code == 422


def test_the_result_is_servers_times_steps_with_equal_answers_together(as_: As) -> None:
    batch = Batch.objects.create(runbook=makers.entry("SAMPLE_SCRIPTED"))
    for number in range(4):
        execution = makers.execution(
            "SAMPLE_SCRIPTED", batch=batch, status=Status.SUCCESS, step_titles=["Read", "Change"]
        )
        makers.log_row(execution, 1, stdout="the same\n")
        makers.log_row(execution, 2, step_number=2, stdout="other\n" if number == 3 else "one\n")
    broken = makers.execution(
        "SAMPLE_SCRIPTED",
        batch=batch,
        status=Status.FAILED,
        step_titles=["Read", "Change"],
        current_step=1,
    )
    makers.log_row(broken, 1, stdout="", stderr="no\n", exit_code=3, status=ActionStatus.FAILED)

    shown = as_("admin").get(f"{API}/batches/{batch.pk}").json()["batch"]
    first, second = shown["steps"]
    assert first["summary"] == "4 said the same, 1 differs"
    assert [len(saying["servers"]) for saying in first["sayings"]] == [4, 1]
    assert first["sayings"][0]["output"] == "the same"
    assert first["sayings"][1] == {"servers": [broken.server.name], "output": "no"}
    assert second["summary"] == "3 said the same, 1 differs"
    states = {
        row["execution"]["id"]: [step["status"] for step in row["steps"]]
        for row in shown["servers"]
    }
    assert states.pop(str(broken.pk)) == ["FAILED", "SKIPPED"]
    assert set(map(tuple, states.values())) == {("SUCCESS", "SUCCESS")}
    assert (shown["succeeded"], shown["failed"], shown["total"]) == (4, 1, 5)


def test_batches_are_listed_newest_first(as_: As, others: list[Server]) -> None:
    first = post(as_("admin"), asked(others)).json()["batch"]["id"]
    second = post(as_("admin"), asked(others, isDryRun=True)).json()["batch"]["id"]

    def ids(**query: str) -> list[str]:
        answer = as_("helpdesk").get(f"{API}/batches", query)
        return [batch["id"] for batch in answer.json()["batches"]]

    assert ids() == [second, first]
    assert ids(isDryRun="true") == [second]
    assert ids(runbookId="SAMPLE_LOOKING") == []
    assert as_("hr").get(f"{API}/batches").status_code == 403
    assert as_("hr").get(f"{API}/batches/{first}").status_code == 404


def test_a_batch_is_shown_with_as_many_queries_however_many_servers(
    as_: As, django_assert_max_num_queries: Any
) -> None:
    batch = Batch.objects.create(runbook=makers.entry())
    for _ in range(12):
        execution = makers.execution(batch=batch)
        makers.log_row(execution, 1)
    client = as_("admin")
    with django_assert_max_num_queries(16):
        assert len(client.get(f"{API}/batches/{batch.pk}").json()["batch"]["servers"]) == 12


def test_a_batch_is_cancelled(as_: As, others: list[Server]) -> None:
    made = post(as_("granted"), asked(others)).json()["batch"]["id"]
    assert post(as_("stranger"), {}, f"/batches/{made}/cancel").status_code == 403
    shown = post(as_("granted"), {}, f"/batches/{made}/cancel").json()["batch"]
    assert shown["stoppedAt"] is not None
    assert shown["servers"][0]["execution"]["status"] == "CANCELLED"
    again = post(as_("granted"), {}, f"/batches/{made}/cancel")
    assert (again.status_code, again.json()["code"]) == (400, "INVALID_STATE")
