"""What it costs that a page stays open while nothing happens: queries, and bytes."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from automation.engine.results import Status
from automation.models import Batch, Execution, ExecutionLog, WorkflowRun
from opsmanager.accounts.models import BrowserSession, User
from opsmanager.audit import trail
from servers.models import Server
from tests.automation import makers
from tests.automation.services.workflow_story import look, standing, workflow
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]
Persona = Callable[[str], User | None]

MOST_BYTES = 1_000
MOST_BYTES_A_MINUTE = 50_000
SERVER = b"server: granian\r\ndate: Wed, 25 Nov 2026 03:10:12 GMT\r\ncontent-length: 0\r\n"
"""What the server itself adds to each answer."""
POLL = re.compile(r'hx-get="([^"]+)" hx-trigger="every (\d+)s"')


def polls_of(client: Client, page: str) -> dict[str, int]:
    """Return the addresses that the page asks again and again, each with its seconds."""
    found = POLL.findall(" ".join(text_of(client.get(page)).split()))
    assert found
    return {url.replace("&amp;", "&"): int(seconds) for url, seconds in found}


def asked(client: Client, url: str) -> tuple[HttpResponse, int]:
    """Ask as the page does; return the answer and how many queries it took."""
    with CaptureQueriesContext(connection) as captured:
        answer: HttpResponse = client.get(url, headers=HTMX)
    return answer, len(captured)


def size(answer: HttpResponse) -> int:
    """Return how many bytes the answer is, with its headers and status line."""
    line = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\n".encode()
    return len(line + answer.serialize_headers() + SERVER + b"\r\n\r\n" + answer.content)


@pytest.fixture
def monitored() -> Execution:
    """An execution that runs and has said much."""
    execution = makers.execution(status=Status.RUNNING, revision=7, started_at="2026-01-01T00:00Z")
    first = makers.log_row(execution, 1)
    columns = [field.attname for field in ExecutionLog._meta.concrete_fields]
    known = {name: getattr(first, name) for name in columns}
    ExecutionLog.objects.bulk_create(ExecutionLog(**known | {"seq": seq}) for seq in range(2, 2001))
    return execution


@pytest.fixture
def waiting(server: Server) -> Execution:
    """An execution that waits for its server."""
    makers.execution("SAMPLE_SCRIPTED", server=server, status=Status.RUNNING)
    return makers.execution(server=server)


@pytest.fixture
def batch(server: Server) -> Batch:
    """A batch of which one runs and one waits."""
    made = Batch.objects.create(runbook=makers.entry(), max_parallel=1)
    makers.execution(batch=made, status=Status.RUNNING)
    makers.execution(server=server, batch=made)
    return made


@pytest.fixture
def flow(server: Server) -> WorkflowRun:
    """A run of a workflow of which something runs."""
    return standing(workflow({"look": look(server)}))


@pytest.fixture
def pages(monitored: Execution, waiting: Execution, batch: Batch, flow: WorkflowRun) -> list[str]:
    """The pages that stay open, each with something alive."""
    return [
        f"/executions/{monitored.pk}/",
        f"/executions/{waiting.pk}/",
        f"/batches/{batch.pk}/",
        f"/workflow-runs/{flow.pk}/",
        "/",
    ]


@pytest.fixture(autouse=True)
def _at_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice a minute the home page is made anew, which is not to fall into a test."""
    monkeypatch.setattr("opsmanager.home.now.time.time", lambda: 1_000.0)


@pytest.mark.parametrize("name", ["admin", "stranger"])
def test_a_poll_with_nothing_new_takes_one_query_and_less_than_a_kilobyte(
    as_: As, pages: list[str], name: str
) -> None:
    client = as_(name)
    seen = 0
    for page in pages:
        for url in polls_of(client, page):
            answer, queries = asked(client, url)
            assert (url, answer.status_code, queries) == (url, 204, 1)
            assert size(answer) < MOST_BYTES, url
            seen += 1
    assert seen == 7


def test_a_monitor_of_2000_rows_moves_little_while_nothing_happens(
    as_: As, monitored: Execution
) -> None:
    client = as_("helpdesk")
    polls = polls_of(client, f"/executions/{monitored.pk}/")
    moved = sum(size(asked(client, url)[0]) * 60 // seconds for url, seconds in polls.items())
    assert 0 < moved < MOST_BYTES_A_MINUTE


def test_news_is_told_by_each_poll(as_: As, pages: list[str], batch: Batch) -> None:
    client = as_("stranger")
    polls = [url for page in pages for url in polls_of(client, page)]
    Execution.objects.update(revision=F("revision") + 1)
    WorkflowRun.objects.update(revision=F("revision") + 1)
    assert {asked(client, url)[0].status_code for url in polls} == {200}


def test_home_tells_of_each_event_of_the_trail(as_: As, persona: Persona, server: Server) -> None:
    client = as_("helpdesk")
    (url,) = polls_of(client, "/")
    assert asked(client, url)[0].status_code == 204
    trail.record("SERVER_UPDATED", actor=persona("admin"), target=server)
    assert asked(client, url)[0].status_code == 200


def test_home_is_made_anew_twice_a_minute(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_("helpdesk")
    (url,) = polls_of(client, "/")
    assert asked(client, url)[0].status_code == 204
    monkeypatch.setattr("opsmanager.home.now.time.time", lambda: 1_031.0)
    assert asked(client, url)[0].status_code == 200


@pytest.mark.parametrize("lost", ["session", "idle", "user", "rights", "password"])
def test_a_poll_of_somebody_who_may_no_longer_is_no_204(
    as_: As, persona: Persona, pages: list[str], lost: str
) -> None:
    client, user = as_("stranger"), persona("stranger")
    assert user is not None
    polls = [url for page in pages for url in polls_of(client, page)]
    if lost == "session":
        BrowserSession.objects.all().delete()
    elif lost == "idle":
        BrowserSession.objects.update(seen_at=F("seen_at") - timedelta(days=1))
    elif lost == "user":
        User.objects.filter(pk=user.pk).update(is_active=False)
    elif lost == "rights":
        user.groups.clear()
    else:
        User.objects.filter(pk=user.pk).update(password="another")
    for url in polls:
        answer = client.get(url, headers=HTMX)
        assert answer.headers["HX-Redirect"].startswith("/login/"), url
