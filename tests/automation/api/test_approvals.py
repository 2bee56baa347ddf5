from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from automation.models import Approval, Execution
from opsmanager.accounts import roles
from opsmanager.accounts.models import User
from servers.models import Server
from tests.automation import makers
from tests.automation.api.conftest import API
from tests.support.api_tokens import made, program
from tests.support.users import signed_in

URL = f"{API}/approvals"
JSON = "application/json"
REASON = {"reason": "The shop is down and nobody else is awake."}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def alice() -> User:
    return makers.admin(username="alice")


@pytest.fixture
def bob() -> User:
    return makers.user("MANAGER", username="bob")


@pytest.fixture
def guarded() -> Server:
    return makers.server(approvals=1)


def launched(user: User, server: Server, **fields: Any) -> dict[str, Any]:
    sent = {
        "runbookId": "SAMPLE_MENDING",
        "serverId": str(server.pk),
        "parameters": {"path": "/tmp/x"},
        "reason": "alert 4711",
        **fields,
    }
    answer = signed_in(user).post(f"{API}/executions", sent, JSON)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()["execution"]
    return found


def post(client: Client, pk: object, what: str, body: object = None) -> Any:
    return client.post(f"{URL}/{pk}/{what}", body or {}, JSON)


def test_an_execution_says_how_far_its_approval_is(alice: User, guarded: Server) -> None:
    shown = launched(alice, guarded)
    row = Approval.objects.get()
    assert shown["status"] == "PENDING"
    expires = shown["approval"].pop("expiresAt")
    assert shown["approval"] == {"id": str(row.pk), "state": "PENDING", "needed": 1, "given": 0}
    assert expires.startswith(f"{row.expires_at:%Y-%m-%dT%H:%M:%S}")
    assert shown["waitingFor"].startswith("Waits for approval: 0 of 1, by somebody other than")
    client = signed_in(alice)
    detail = client.get(f"{API}/executions/{shown['id']}").json()["execution"]
    why = {each["name"]: each["holds"] for each in detail["why"]}
    assert why["approved"] is False
    (listed,) = client.get(f"{API}/executions").json()["executions"]
    assert listed["approval"]["id"] == str(row.pk)
    assert (listed["workflowRunId"], listed["workflowNode"]) == (None, "")


def test_what_nobody_is_asked_about_has_no_approval(alice: User) -> None:
    assert launched(alice, makers.server())["approval"] is None


def test_it_is_listed_with_all_that_it_takes_to_decide(
    alice: User, bob: User, guarded: Server
) -> None:
    execution = launched(alice, guarded)
    (listed,) = signed_in(bob).get(URL).json()["approvals"]
    for name, value in {
        "executionId": execution["id"],
        "runbookId": "SAMPLE_MENDING",
        "serverName": guarded.name,
        "parameters": {"path": "/tmp/x"},
        "message": "alert 4711",
        "state": "PENDING",
        "votes": [],
        "wantsReview": False,
        "workflowRunId": None,
    }.items():
        assert listed[name] == value
    assert listed["askedBy"]["username"] == "alice"
    one = signed_in(bob).get(f"{URL}/{listed['id']}").json()["approval"]
    assert one == listed


def test_another_approves_and_it_is_queued(alice: User, bob: User, guarded: Server) -> None:
    execution = launched(alice, guarded)
    pk = execution["approval"]["id"]
    refused = post(signed_in(alice), pk, "approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "SELF_APPROVAL")
    shown = post(signed_in(bob), pk, "approve", {"reason": "I looked."}).json()["approval"]
    assert (shown["state"], shown["given"]) == ("APPROVED", 1)
    (vote,) = shown["votes"]
    assert (vote["user"]["username"], vote["approves"], vote["reason"]) == (
        "bob",
        True,
        "I looked.",
    )
    assert Execution.objects.get(pk=execution["id"]).waiting_since is not None
    again = post(signed_in(bob), pk, "approve")
    assert (again.status_code, again.json()["code"]) == (400, "INVALID_STATE")


def test_a_rejection_wants_a_reason(alice: User, bob: User, guarded: Server) -> None:
    execution = launched(alice, guarded)
    pk = execution["approval"]["id"]
    for body in ({}, {"reason": ""}, {"reason": "  "}):
        answer = post(signed_in(bob), pk, "reject", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION")
        assert list(answer.json()["details"]) == ["reason"]
    assert post(signed_in(bob), pk, "reject", {"reason": "No."}).status_code == 200
    shown = signed_in(alice).get(f"{API}/executions/{execution['id']}").json()["execution"]
    assert shown["status"] == "CANCELLED"
    assert shown["resultSummary"] == "Not begun: bob did not approve it: No."
    assert shown["approval"]["state"] == "REJECTED"


def test_going_on_without_waits_for_a_review(alice: User, bob: User, guarded: Server) -> None:
    pk = launched(alice, guarded)["approval"]["id"]
    assert post(signed_in(alice), pk, "bypass", {"reason": "now"}).status_code == 400
    shown = post(signed_in(alice), pk, "bypass", REASON).json()["approval"]
    assert (shown["state"], shown["wantsReview"]) == ("BYPASSED", True)
    assert shown["bypassedBy"]["username"] == "alice"
    own = post(signed_in(alice), pk, "review", {"note": "Fine."})
    assert (own.status_code, own.json()["code"]) == (403, "SELF_APPROVAL")
    shown = post(signed_in(bob), pk, "review", {"note": "It was right."}).json()["approval"]
    assert (shown["wantsReview"], shown["reviewNote"]) == (False, "It was right.")


def test_mine_is_what_waits_for_me(alice: User, bob: User) -> None:
    first, second, third = (
        launched(alice, makers.server(approvals=count))["approval"]["id"] for count in (1, 2, 1)
    )
    post(signed_in(bob), second, "approve")
    post(signed_in(alice), third, "bypass", REASON)

    def listed(user: User, query: str) -> set[str]:
        answer = signed_in(user).get(f"{URL}?{query}").json()
        assert answer["total"] == len(answer["approvals"])
        return {row["id"] for row in answer["approvals"]}

    assert listed(bob, "mine=true") == {first, third}
    assert listed(bob, "mine=true&state=PENDING") == {first}
    assert listed(bob, "mine=false") == {second}
    assert listed(alice, "mine=true") == set()
    assert listed(makers.user("NOC"), "mine=true") == set()
    assert listed(alice, "state=BYPASSED") == {third}
    assert listed(alice, f"workflowRunId={uuid4()}") == set()


def test_a_token_needs_the_permission_too(alice: User, bob: User, guarded: Server) -> None:
    pk = launched(alice, guarded)["approval"]["id"]
    looks = [roles.VIEW_APPROVALS, roles.VIEW_EXECUTIONS, roles.VIEW_SERVERS]
    _, secret = made(bob, permissions=looks)
    assert program(secret).get(f"{URL}/{pk}").status_code == 200
    assert post(program(secret), pk, "approve").status_code == 403
    _, own = made(alice)
    assert post(program(own), pk, "approve").json()["code"] == "SELF_APPROVAL"
    _, may = made(bob, permissions=[*looks, roles.GRANT_APPROVALS])
    assert post(program(may), pk, "approve").status_code == 200


def test_a_server_says_how_many_must_approve(alice: User) -> None:
    client = signed_in(alice)
    sent = {"name": "db9", "hostname": "db9.example", "environment": "STAGING", "approvals": 2}
    made_one = client.post("/api/v1/servers", sent, JSON).json()["server"]
    assert made_one["approvals"] == 2
    path = f"/api/v1/servers/{made_one['id']}"
    for wrong in (-1, 11, "many"):
        answer = client.patch(path, {"approvals": wrong}, JSON)
        assert (answer.status_code, list(answer.json()["details"])) == (400, ["approvals"])
    assert client.patch(path, {"approvals": 0}, JSON).json()["server"]["approvals"] == 0
    event = makers.last_event("SERVER_UPDATED")
    assert event.details["changed"] == {"approvals": 0}


def test_a_runbook_says_how_many_must_approve(alice: User) -> None:
    entry = makers.entry(approvals=2)
    shown = signed_in(alice).get(f"{API}/runbooks/{entry.runbook_id}").json()["runbook"]
    assert shown["approvals"] == 2


def test_a_validation_warns_of_it(alice: User, guarded: Server) -> None:
    sent = {"serverId": str(guarded.pk), "parameters": {"path": "/tmp/x"}}
    answer = signed_in(alice).post(f"{API}/runbooks/SAMPLE_MENDING/validate", sent, JSON)
    said = "It waits for the approval of 1 other person before it runs."
    assert said in answer.json()["warnings"]
