"""The page of analytics: figures that agree with what they count, in the reader's days."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import CatalogEntry, Trigger
from servers.models import Server
from tests.automation import makers
from tests.automation.web.test_executions import words
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]
READERS = [("admin", 200), ("granted", 200), ("stranger", 200), ("helpdesk", 200), ("hr", 403)]


def noon(days_ago: int) -> datetime:
    """Return the middle of a day in UTC; today's may not have come yet."""
    today = timezone.now().astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


def ran(days_ago: int, seconds: float = 2, runbook: str = "SAMPLE_MENDING", **fields: Any) -> None:
    queued_at = noon(days_ago)
    values = {
        "status": Status.SUCCESS,
        "queued_at": queued_at,
        "started_at": queued_at + timedelta(seconds=1),
        "finished_at": queued_at + timedelta(seconds=1 + seconds),
        **fields,
    }
    makers.execution(runbook, **values)


@pytest.fixture
def history(server: Server) -> None:
    """Six runs of last week beside a dry one, and three of the week before."""
    ran(1, server=server, verdict=Verdict.FIXED, triggered_by=Trigger.INCIDENT)
    ran(1, seconds=4, server=server, verdict=Verdict.NOT_FIXED)
    ran(2, server=server, status=Status.FAILED, verdict=Verdict.MADE_WORSE)
    ran(2, status=Status.CANCELLED, runbook="SAMPLE_LOOKING")
    ran(2, status=Status.UNKNOWN)
    ran(3, seconds=9)
    ran(3, is_dry_run=True)
    for status in (Status.SUCCESS, Status.FAILED, Status.FAILED):
        ran(9, server=server, seconds=60, status=status)


def asked(client: Client, **query: str) -> str:
    return text_of(client.get("/analytics/", query))


def table(page: str, section: str) -> dict[str, list[str]]:
    """Return the cells of a chart's table as the reader sees them, by the head of their row."""
    part = page[page.index(f'id="analytics_{section}"') :]
    body = part[part.index("<tbody>") : part.index("</tbody>")]
    rows = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("</tr>")]
    shown = [[words(re.sub(r"<[^>]+>", " ", cell)) for cell in row] for row in rows if row]
    return {name: cells for name, *cells in shown}


def figures(page: str) -> dict[str, tuple[str, str]]:
    """Return each figure with what it says of the time before, by its name."""
    part = page[page.index('id="analytics_figures"') :].split("</section>", maxsplit=1)[0]
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd.*?>(.*?)</dd>\s*<dd.*?>(.*?)</dd>", part, re.DOTALL)
    shown = [[words(re.sub(r"<[^>]+>", "", text)) for text in each] for each in found]
    return {name: (value, before) for name, value, before in shown}


def day(days_ago: int) -> str:
    when = noon(days_ago)
    return f"{when:%a} {when.day} {when:%b %Y}"


def links(page: str) -> list[tuple[str, int]]:
    """Return each link to the history that stands on a number, with that number."""
    found = re.findall(r'<a[^>]*href="(/executions/\?[^"]*)"[^>]*>\s*(\d+)\s*</a>', page)
    return [(unescape(address), int(number)) for address, number in found]


@pytest.mark.parametrize(("name", "status"), READERS)
def test_who_sees_the_page_and_the_way_there(as_: As, name: str, status: int) -> None:
    client = as_(name)
    assert client.get("/analytics/").status_code == status
    home = client.get("/").content.decode()
    assert ('href="/analytics/"' in home) is (status == 200)
    assert ('data-go="y"' in home) is (status == 200)


def test_each_day_has_its_row_and_gaps_stay_gaps(as_: As, history: None) -> None:
    page = asked(as_("helpdesk"), show="7d")
    outcomes = table(page, "outcomes")
    assert list(outcomes) == [day(ago) for ago in range(6, -1, -1)]
    assert outcomes[day(1)] == ["2", "2", "0", "0", "0"]
    assert outcomes[day(2)] == ["3", "0", "2", "1", "0"]
    assert outcomes[day(4)] == ["0", "0", "0", "0", "0"]
    rates = table(page, "rates")
    assert rates[day(1)] == ["100 %", "50 %", "1"]
    assert rates[day(2)] == ["0 %", "0 %", "1"]
    assert rates[day(4)] == ["—", "—", "0"]
    took = table(page, "durations")
    assert took[day(1)] == ["3 s", "3.9 s", "2"]
    assert took[day(2)] == ["—", "—", "0"]
    # Nothing to count is no number, so that a chart has a gap there and no zero.
    assert page.count('data-value=""') == 4 * 2 + 1 * 1 + 5 * 2


def test_the_figures_stand_against_the_time_before(as_: As, history: None) -> None:
    assert figures(asked(as_("helpdesk"), show="7d")) == {
        "Executions": ("6", "more, 3 before"),
        "Succeeded": ("60 %", "better, 33 % before"),
        "Fixed it": ("33 %", "nothing to compare with"),
        "Median time": ("4 s", "faster, 1 min 00 s before"),
        "95 % took at most": ("8.5 s", "faster, 1 min 00 s before"),
    }


def test_what_got_worse_or_stayed_says_so(as_: As, server: Server) -> None:
    ran(1, seconds=5)
    ran(1, status=Status.FAILED, verdict=Verdict.NOT_FIXED)
    ran(8, verdict=Verdict.FIXED)
    ran(8, verdict=Verdict.FIXED)
    told = figures(asked(as_("helpdesk"), show="7d"))
    assert told["Executions"] == ("2", "as before")
    assert told["Succeeded"] == ("50 %", "worse, 100 % before")
    assert told["Fixed it"] == ("0 %", "worse, 100 % before")
    assert told["Median time"] == ("5 s", "slower, 2 s before")


def test_each_number_leads_to_as_many_executions(as_: As, history: None) -> None:
    client = as_("helpdesk")
    followed = links(asked(client, show="7d"))
    assert len(followed) > 20
    for address, number in followed:
        assert client.get(address).context["page"].paginator.count == number, address


def test_a_runbook_and_a_server_are_counted_alone(as_: As, history: None, server: Server) -> None:
    client = as_("helpdesk")
    one = asked(client, show="7d", runbook="SAMPLE_MENDING")
    assert figures(one)["Executions"][0] == "5"
    assert "Most used runbooks" not in one
    assert "Most used servers" in one
    there = asked(client, show="7d", server=str(server.pk))
    assert figures(there)["Executions"][0] == "3"
    assert "Most used servers" not in there
    assert f'<input type="hidden" name="server" value="{server.pk}">' in there
    both = asked(client, show="7d", server=str(server.pk), runbook="SAMPLE_MENDING")
    for address, number in links(both):
        assert client.get(address).context["page"].paginator.count == number, address


def test_the_most_used_come_first_with_how_they_fared(as_: As, history: None) -> None:
    page = asked(as_("helpdesk"), show="7d")
    mending, looking = (makers.entry(each) for each in ("SAMPLE_MENDING", "SAMPLE_LOOKING"))
    used = table(page, "runbooks")
    assert list(used) == [mending.title, looking.title]
    assert used[mending.title][1:-1] == ["5", "2", "60 %", "33 %", "4 s"]
    assert used[looking.title][1:-1] == ["1", "0", "—", "—", "—"]
    assert "runbook=SAMPLE_LOOKING" in page
    # Three of five succeeded, the longest bar is as wide as there is room.
    assert '<rect class="bar-good" width="60.00%" height="100%">' in page
    assert '<rect class="bar-rest" x="0.00%" width="20.00%" height="100%">' in page


def test_a_runbook_that_was_taken_away_is_counted_and_leads_nowhere(as_: As, history: None) -> None:
    CatalogEntry.objects.filter(runbook_id="SAMPLE_LOOKING").update(is_deployed=False)
    page = asked(as_("helpdesk"), show="7d")
    assert "no longer in the code" in page
    assert "?show=7d&amp;runbook=SAMPLE_LOOKING" not in page


def test_what_came_of_them_and_what_started_them_is_counted(as_: As, history: None) -> None:
    page = asked(as_("helpdesk"), show="7d")
    part = page[page.index('id="analytics_kinds"') :].split("</section>")[0]
    said = words(re.sub(r"<[^>]+>", " ", part))
    assert "Ended Succeeded 3 " in said
    for told in ("Failed 1", "Unknown 1", "Cancelled 1", "Made worse 1", "By hand 5", "Incident 1"):
        assert told in said, told
    assert "Timed out" not in said


def test_days_are_those_of_the_chosen_zone(as_: As, server: Server) -> None:
    ran(1, server=server)
    here = noon(1)
    there = here.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert there.date() != here.date()
    page = asked(as_("helpdesk"), show="7d", timezone="Pacific/Kiritimati")
    counted = {name for name, cells in table(page, "outcomes").items() if cells[0] == "1"}
    assert counted == {f"{there:%a} {there.day} {there:%b %Y}"}
    assert "days in Pacific/Kiritimati" in words(page)
    assert "<option selected>Pacific/Kiritimati</option>" in page


@pytest.mark.parametrize(
    ("show", "number", "first"),
    [("12w", 12, "Week of "), ("12m", 12, ""), ("90d", 90, ""), ("1d", 1, ""), ("5w", 5, "Week")],
)
def test_each_period_of_what_is_asked_for_has_a_row(
    as_: As, server: Server, show: str, number: int, first: str
) -> None:
    makers.execution(server=server, status=Status.SUCCESS)
    page = asked(as_("helpdesk"), show=show)
    outcomes = table(page, "outcomes")
    assert len(outcomes) == number
    assert next(iter(outcomes)).startswith(first)
    assert sum(int(cells[0]) for cells in outcomes.values()) == 1
    # Also one that is not offered stays chosen.
    assert re.search(rf'<option value="{show}"\s+selected>', page)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"show": "30"}, "Use a number of days, weeks or months"),
        ({"show": "0d"}, "Use a number of days, weeks or months"),
        ({"show": "999m"}, "at most 999d, 999w or 600m"),
        ({"timezone": "Europe/Nowhere"}, "Use an IANA name such as Europe/Berlin or UTC."),
        ({"timezone": "<b>"}, "Use an IANA name such as Europe/Berlin or UTC."),
        ({"runbook": "NOTHING"}, "There is no runbook NOTHING"),
        ({"server": "web1"}, "Use a UUID."),
        ({"server": "6a3c4f60-1a3c-4a4e-9a55-0d4b1e7a2a10"}, "There is no such server"),
    ],
)
def test_what_cannot_be_shown_says_why(
    as_: As, history: None, query: dict[str, str], said: str
) -> None:
    page = words(asked(as_("helpdesk"), **query))
    assert "That can&#x27;t be shown" in page or "That can't be shown" in page
    assert said in page
    assert "<b>" not in page


def test_the_longest_that_may_be_asked_for_is_shown(as_: As, server: Server) -> None:
    makers.execution(server=server, status=Status.SUCCESS)
    for show, rows in (("999d", 999), ("999w", 999), ("600m", 600)):
        assert len(table(asked(as_("helpdesk"), show=show), "durations")) == rows


def test_where_nothing_ran_it_says_what_to_do(as_: As, server: Server) -> None:
    client = as_("helpdesk")
    assert 'href="?show=12m"' in asked(client)
    longest = asked(client, show="12m")
    assert "Nothing ran in this time" in longest
    assert 'href="/runbooks/">Choose a runbook' in longest
    filtered = asked(client, show="24m", runbook="SAMPLE_MENDING")
    assert 'href="/analytics/">Show everything' in filtered
    makers.execution(server=server, status=Status.SUCCESS, is_dry_run=True)
    assert "Dry runs are not counted" in asked(client)


def test_one_that_has_not_ended_is_in_no_rate(as_: As, server: Server) -> None:
    makers.execution(server=server)
    page = words(asked(as_("helpdesk")))
    assert "Of 1 execution 0 succeeded and 0 did not, 1 has not ended." in page
    assert "Nothing has succeeded or failed yet. None met something to fix." in page
    assert "None has succeeded yet" in page
    assert "Nobody looked, or there was no way to." in page


def test_htmx_gets_the_region_alone(as_: As, history: None) -> None:
    client = as_("helpdesk")
    part = text_of(client.get("/analytics/", {"show": "7d"}, headers=HTMX))
    assert part.strip().startswith('<div id="analytics_report"')
    assert "<form" not in part
    assert "<html" not in part


def test_the_number_of_queries_is_the_same_however_much_ran(
    as_: As, history: None, django_assert_max_num_queries: Any
) -> None:
    client = as_("helpdesk")
    for days in range(5):
        ran(days)
    with django_assert_max_num_queries(17):
        client.get("/analytics/")


def test_a_runbook_leads_to_its_weeks(as_: As, history: None) -> None:
    page = text_of(as_("helpdesk").get("/runbooks/SAMPLE_MENDING/"))
    assert 'href="/analytics/?show=12w&amp;runbook=SAMPLE_MENDING"' in page
