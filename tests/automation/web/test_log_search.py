"""The page that looks for a text in all logs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.selectors import log_search
from tests.automation import makers
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]


def said(text: str, *, seq: int = 1, **fields: Any) -> Any:
    row = makers.execution(status=Status.SUCCESS, **fields)
    makers.log_row(row, seq, stdout=text)
    return row


def test_a_line_leads_to_its_place_in_the_monitor(as_: As) -> None:
    execution = said("no <b>space</b> left", seq=12)
    page = text_of(as_("helpdesk").get("/logs/?search=SPACE"))
    assert f'href="/executions/{execution.pk}/#log-12"' in page
    assert "no &lt;b&gt;<mark>space</mark>&lt;/b&gt; left" in page
    assert "Looked through 1 execution, back to" in page


def test_before_one_searches_the_page_says_what_it_is_for(as_: As) -> None:
    page = text_of(as_("helpdesk").get("/logs/"))
    assert "Which executions said it?" in page
    assert 'aria-current="page"' in page


@pytest.mark.parametrize("query", ["search=ab", "search=abc&server=x", "search=abc&since=no"])
def test_what_can_not_be_looked_for_is_answered_by_a_sentence(as_: As, query: str) -> None:
    assert "That can't be looked for" in text_of(as_("helpdesk").get(f"/logs/?{query}"))


def test_what_is_not_found_says_what_to_try(as_: As) -> None:
    said("hay")
    assert "No log says that" in text_of(as_("helpdesk").get("/logs/?search=needle"))


def test_the_form_keeps_what_was_asked(as_: As) -> None:
    execution = said("needle")
    query = f"search=needle&server={execution.server_id}&stream=stdout&case=kept"
    page = text_of(as_("granted").get(f"/logs/?{query}"))
    assert f'<option value="{execution.server_id}" selected>' in page
    assert '<option value="stdout" selected>' in " ".join(page.split())
    assert "checked" in page


def test_a_page_leads_further_back(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automation.web.log_search._PAGE", 1)
    for minutes in (1, 2):
        said("needle", age_minutes=minutes)
    client = as_("helpdesk")
    answer = client.get("/logs/?search=needle", headers=HTMX)
    part = text_of(answer)
    assert part.lstrip().startswith('<div id="log_matches"')
    (link,) = [part.split('href="?')[1].split('"')[0].replace("&amp;", "&")]
    older = text_of(client.get(f"/logs/?{link}"))
    assert "Look further back" not in older
    assert ">Newest</a>" in older


def test_a_search_whose_time_is_up_says_how_far_it_came(
    as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in (1, 2):
        said("hay", age_minutes=minutes)
    ticks = iter([0.0, 1.0, 1.0, 1.0, 9.0])
    client = as_("helpdesk")
    client.get("/logs/")
    monkeypatch.setattr(log_search, "_FIRST", 1)
    monkeypatch.setattr(log_search, "monotonic", lambda: next(ticks, 9.0))
    page = text_of(client.get("/logs/?search=needle"))
    assert "Narrowed to what ran since" in page
    assert "Not found so far" in page


def test_a_row_within_a_gap_is_fetched_with_what_led_to_it(as_: As) -> None:
    execution = makers.execution(status=Status.SUCCESS)
    for seq in range(1, 252):
        makers.log_row(execution, seq)
    rows = f"/executions/{execution.pk}/log/rows/?from=51&to=101&row=90"
    part = text_of(as_("helpdesk").get(rows, headers=HTMX))
    assert 'id="log-90"' in part
    assert 'id="log-70"' in part
    assert 'id="log-69"' not in part
