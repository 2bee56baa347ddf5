"""The history, narrowed to what a figure counted."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from automation.engine.results import Status, Verdict
from automation.web.counted import Behind
from servers.models import Server
from tests.automation import makers
from tests.automation.web.test_executions import words
from tests.automation.web.test_runbooks import text_of

As = Callable[[str], Client]
SPRING = datetime(2026, 3, 29, tzinfo=UTC)
SUMMER = datetime(2026, 6, 29, 4, 5, 6, 789, tzinfo=UTC)
UNTIL_SUMMER = {
    "all": 9,
    "successful": 3,
    "failed": 4,
    "cancelled": 1,
    "unfinished": 1,
    "fixed": 1,
    "unfixed": 1,
}
SINCE_SUMMER = {"all": 2, "successful": 1, "failed": 1, "unfixed": 1}


@pytest.fixture
def history(server: Server) -> None:
    """One of each kind in spring, a dry run, and one that was queued as summer began."""
    for status in Status:
        if status != Status.RUNNING:
            makers.execution(server=server, status=status, queued_at=SPRING)
    for verdict in (Verdict.FIXED, Verdict.NOT_FIXED):
        makers.execution(status=Status.SUCCESS, verdict=verdict, queued_at=SPRING)
    makers.execution(status=Status.SUCCESS, is_dry_run=True, queued_at=SPRING)
    makers.execution(status=Status.SUCCESS, queued_at=SUMMER)
    makers.execution(status=Status.FAILED, verdict=Verdict.MADE_WORSE, queued_at=SUMMER)


def count(client: Client, address: str) -> int:
    return int(client.get(address).context["page"].paginator.count)


@pytest.mark.parametrize("kind", UNTIL_SUMMER)
def test_a_kind_is_what_outcomes_call_it(as_: As, history: None, kind: str) -> None:
    client = as_("helpdesk")
    assert count(client, Behind(since=SPRING, until=SUMMER)[kind]) == UNTIL_SUMMER[kind]
    assert count(client, Behind(since=SUMMER)[kind]) == SINCE_SUMMER.get(kind, 0)


def test_a_runbook_and_a_server_narrow_it(as_: As, history: None, server: Server) -> None:
    client = as_("helpdesk")
    assert count(client, Behind(since=SPRING, server=str(server.pk))["all"]) == 7
    assert count(client, Behind(since=SPRING, runbook="SAMPLE_LOOKING")["all"]) == 0


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        Behind(since=SPRING)["everything"]


def test_the_page_says_what_it_is_narrowed_to_and_keeps_it(as_: As, history: None) -> None:
    page = text_of(as_("helpdesk").get(Behind(since=SPRING, until=SUMMER)["failed"]))
    assert "Not succeeded from 2026-03-29 00:00:00 UTC to 2026-06-29 04:05:06 UTC" in words(page)
    for name, value in (
        ("counted", "failed"),
        ("since", "2026-03-29"),
        ("until", "2026-06-29T04:05:06.000789Z"),
    ):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page


def test_times_alone_keep_dry_runs(as_: As, history: None) -> None:
    page = as_("helpdesk").get("/executions/?since=2026-03-29&until=2026-06-29")
    assert page.context["page"].paginator.count == 10


@pytest.mark.parametrize("query", ["counted=everything", "since=spring", "until=2026-13-01"])
def test_what_cannot_be_read_says_so(as_: As, history: None, query: str) -> None:
    page = words(text_of(as_("helpdesk").get(f"/executions/?{query}")))
    assert "looked for" in page
    assert "Use " in page
    assert "No execution fits" not in page
