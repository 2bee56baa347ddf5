"""What is refused is told, though all that was refused is rolled back."""

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.test import Client, RequestFactory

from opsmanager.audit import trail
from opsmanager.audit.middleware import AuditSourceMiddleware
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import NotPermitted
from tests.automation import makers
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

ADDRESS = {"REMOTE_ADDR": "192.0.2.7"}


def told() -> list[tuple[str, str, str, str | None]]:
    events = AuditEvent.objects.exclude(verb="LOGIN").order_by("seq")
    return [(event.verb, event.outcome, event.actor_name, event.address) for event in events]


def test_a_refusal_outlives_the_transaction_that_it_was_in() -> None:
    @transaction.atomic
    def act() -> None:
        trail.record("DONE", actor=None)
        trail.refuse("NOT_DONE", actor=None, message="You may not.")
        raise NotPermitted("You may not.")

    def answer(request: HttpRequest) -> HttpResponse:
        try:
            act()
        except NotPermitted:
            return HttpResponseForbidden()
        return HttpResponse()

    AuditSourceMiddleware(answer)(RequestFactory().get("/", **ADDRESS))
    assert told() == [("NOT_DONE", "REFUSED", "", "192.0.2.7")]


def test_a_refusal_outside_of_a_request_is_told_at_once() -> None:
    trail.refuse("NOT_DONE", actor="schedule:nightly", message="You may not.")
    assert told() == [("NOT_DONE", "REFUSED", "nightly", None)]


@pytest.mark.parametrize("path", ["/audit/", "/audit/chain/", "/api/v1/audit/events"])
def test_a_page_or_answer_that_is_refused_is_told(path: str) -> None:
    browser = signed_in(user_with("NOC", name="nora"), **ADDRESS)
    assert browser.get(path).status_code == 403
    assert told() == [("ACCESS_REFUSED", "REFUSED", "nora", "192.0.2.7")]
    assert AuditEvent.objects.get(verb="ACCESS_REFUSED").details == {"method": "GET", "path": path}


def test_a_form_without_its_token_is_told() -> None:
    browser = Client(enforce_csrf_checks=True, **ADDRESS)
    assert browser.post("/login/", {"username": "a", "password": "b"}).status_code == 403
    assert told() == [("ACCESS_REFUSED", "REFUSED", "", "192.0.2.7")]


def test_a_token_names_who_was_refused() -> None:
    user_with("NOC", name="nora")
    login = {"username": "nora", "password": "correct horse battery"}
    token = Client().post("/api/v1/auth/token", login, "application/json").json()["access"]
    headers = {"authorization": f"Bearer {token}"}
    assert Client(**ADDRESS).get("/api/v1/audit/events", headers=headers).status_code == 403
    assert told() == [("ACCESS_REFUSED", "REFUSED", "nora", "192.0.2.7")]


def test_what_is_told_already_is_not_told_twice(rows: None) -> None:
    server = makers.server()
    browser = signed_in(makers.user("NOC", username="nora"), **ADDRESS)
    answer = browser.post(
        "/api/v1/automation/executions",
        {"runbookId": "SAMPLE_MENDING", "serverId": str(server.pk), "parameters": {"path": "/x"}},
        "application/json",
    )
    assert answer.status_code == 403
    assert told() == [("AUTOMATION_EXECUTION_REFUSED", "REFUSED", "nora", "192.0.2.7")]


def test_each_server_that_refuses_a_batch_is_told(rows: None) -> None:
    cooling, free = makers.server(), makers.server()
    makers.execution(server=cooling, age_minutes=1, status="SUCCESS")
    browser = signed_in(makers.admin(username="ann"), **ADDRESS)
    answer = browser.post(
        "/api/v1/automation/batches",
        {
            "runbookId": "SAMPLE_MENDING",
            "serverIds": [str(cooling.pk), str(free.pk)],
            "parameters": {"path": "/tmp/x"},
            "confirm": True,
        },
        "application/json",
    )
    assert answer.status_code == 201, answer.content
    refused = AuditEvent.objects.get(verb="AUTOMATION_RATE_LIMIT_EXCEEDED")
    assert (refused.outcome, refused.details["server"]) == ("REFUSED", cooling.name)


def test_an_action_whose_event_can_not_be_written_does_not_happen() -> None:
    browser = signed_in(user_with("ADMIN", name="ann"), **ADDRESS)
    browser.raise_request_exception = False
    from servers.models import ServerGroup
    from tests.support.audit import tamper

    tamper(
        "ALTER TABLE audit_auditevent ADD CONSTRAINT never"
        " CHECK (verb <> 'SERVER_GROUP_CREATED') NOT VALID"
    )
    answer = browser.post("/api/v1/servers/groups", {"name": "web"}, "application/json")
    assert answer.status_code == 500
    assert not ServerGroup.objects.exists()
    servers.group("web")
    assert ServerGroup.objects.exists()
