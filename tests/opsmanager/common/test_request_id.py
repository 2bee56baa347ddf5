import io
import json
import logging
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory

from opsmanager.common.request_id import RequestIdMiddleware, request_id
from tests.support.users import signed_in, user_with


def test_each_answer_has_an_id_of_its_own() -> None:
    seen = []

    def answer(_: object) -> HttpResponse:
        seen.append(request_id())
        return HttpResponse()

    middleware = RequestIdMiddleware(answer)
    told = [middleware(RequestFactory().get("/"))["X-Request-ID"] for _ in range(2)]
    assert told == seen
    assert len(set(told)) == 2
    assert request_id() == ""


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("lb-4711.abc_9", True),
        ("short", False),
        ("x" * 65, False),
        ("with space 1", False),
        ("forged\nline 1", False),
        ("<script>alert(1)", False),
    ],
)
def test_an_id_of_a_proxy_is_kept_if_it_can_not_forge_anything(given: str, is_kept: bool) -> None:
    answer = RequestIdMiddleware(lambda _: HttpResponse())(
        RequestFactory().get("/", headers={"x-request-id": given})
    )
    assert (answer["X-Request-ID"] == given) is is_kept


@pytest.fixture
def log() -> Any:
    """What the log holds, as the processes write it: one object a line."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    line = django_settings.LOGGING["formatters"]["line"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=line["foreign_pre_chain"],
            processors=[
                *line["processors"][:3],
                structlog.processors.JSONRenderer(),
                line["processors"][-1],
            ],
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(text) for text in kept.getvalue().splitlines()]
    root.removeHandler(handler)


@pytest.fixture
def failing():
    """A fault that no code foresees: the first question to the database about a server."""

    def fail(execute, sql, params, many, context):
        if "servers_server" in sql:
            raise RuntimeError("broken-pipework at 10.0.0.7")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("path", ["/servers/", "/api/v1/servers", "/admin/servers/server/"])
def test_a_fault_is_found_in_the_log_by_the_id_that_its_answer_shows(log: Any, path: str) -> None:
    browser = signed_in(user_with("ADMIN", is_staff=True), raise_request_exception=False)
    answer = browser.get(path)
    assert answer.status_code == 500
    name = answer["X-Request-ID"]
    assert name in answer.content.decode()
    text = answer.content.decode()
    for secret in ("broken-pipework", "10.0.0.7", "Traceback", "RuntimeError", "servers_server"):
        assert secret not in text
    lines = [line for line in log() if line.get("request_id") == name]
    assert any("broken-pipework" in line.get("exception", "") for line in lines)


@pytest.mark.django_db
@pytest.mark.usefixtures("failing")
def test_a_fault_before_the_api_is_json_too() -> None:
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/nowhere", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "PARSE_ERROR")
    assert "evil" not in answer.content.decode()
