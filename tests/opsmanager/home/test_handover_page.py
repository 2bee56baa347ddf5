import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import Status
from incidents.models import Incident
from opsmanager.accounts.models import User
from tests.automation import makers
from tests.support.users import signed_in, user_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def noc() -> User:
    return user_with("NOC", name="nora")


@pytest.fixture
def browser(noc: User) -> Client:
    return signed_in(noc)


def incident(title: str, **fields: Any) -> Incident:
    values = {"source": "x", "fingerprint": title, "title": title, "severity": "HIGH"}
    return Incident.objects.create(**values, **fields)


def failed(**fields: Any) -> Any:
    when = timezone.now() - timedelta(minutes=10)
    return makers.execution(
        status=Status.FAILED, queued_at=when, started_at=when, finished_at=when, **fields
    )


def words(client: Client, query: str = "") -> str:
    answer = client.get(f"/handover/{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_page_tells_what_is_left_over(browser: Client) -> None:
    incident("Disk full", description="97 %")
    failed(error_message="It did not come up.")
    page = words(browser)
    assert "Disk full" in page
    assert "It did not come up." in page
    assert 'aria-current="page">Last 8 h' in page
    assert 'data-go="o"' in page


def test_a_calm_shift_says_so(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsmanager.home.handover.now.well", lambda _user: [])
    assert "Nothing is left over" in words(browser)


def test_times_of_ones_own_are_shown_and_exported(browser: Client) -> None:
    start = (timezone.now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    query = f"?startDate={start}&endDate="
    page = words(browser, query)
    assert f'value="{start}"' in page
    assert f'href="/handover.md?startDate={start.replace(":", "%3A")}&amp;endDate="' in page
    assert 'aria-current="page">Last' not in page


@pytest.mark.parametrize("query", ["?hours=0", "?hours=x", "?startDate=2020-01-01", "?endDate=no"])
def test_what_makes_no_sense_is_answered_by_a_sentence(browser: Client, query: str) -> None:
    assert "That can't be shown" in words(browser, query)
    assert browser.get(f"/handover.md{query}").status_code == 400


def markdown(client: Client, query: str = "") -> str:
    answer = client.get(f"/handover.md{query}")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="handover-2')
    return answer.content.decode()


def test_the_export_is_markdown_with_whole_addresses(browser: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://ops.example"
    execution = failed(error_message="It did not come up.", server=makers.server(name="web_1"))
    text = markdown(browser, "?hours=12")
    assert text.startswith("# Shift handover, ")
    assert "(12 h)" in text.splitlines()[0]
    assert "## Still broken (1)" in text
    link = f"https://ops.example/executions/{execution.pk}/"
    assert f"- **Failed** [{execution.runbook.title}]({link}), web_1 (" in text
    assert "It did not come up." in text
    assert "https://ops.example/handover/?startDate=" in text
    assert "- 1 executions: 1 failed." in text


def test_what_an_alert_says_can_be_no_markup(browser: Client) -> None:
    incident("x\n# Free disks\n[click](http://evil) ![p](http://evil/p) <b> `rm` *a* @all \x1b[31m")
    text = markdown(browser)
    assert "\n# Free" not in text
    assert re.findall(r"(?<!\\)\]\((?!http://(localhost|127))", text) == []
    line = next(line for line in text.splitlines() if "Free disks" in line)
    assert r"\# Free disks \[click\](http://evil) \!\[p\](http://evil/p) \<b\> \`rm\`" in line
    assert "\x1b" not in text


def test_empty_lists_are_left_out_of_the_text(browser: Client) -> None:
    text = markdown(browser)
    assert "Open incidents" not in text
    assert "- 0 executions: none. Success rate —." in text


def test_the_api_says_the_same(noc: User, browser: Client) -> None:
    opened = incident("Disk full")
    failed()
    answer = browser.get("/api/v1/reports/handover?hours=12")
    body = answer.json()["handover"]
    assert body["openIncidents"]["items"][0]["path"] == f"/incidents/{opened.pk}/"
    assert (body["ran"]["byStatus"]["failed"], body["ran"]["successRate"]) == (1, 0.0)
    assert body["nextSchedules"] == []
    assert {part["name"] for part in body["health"]} >= {"database", "workers"}
    text = browser.get("/api/v1/reports/handover/export?hours=12")
    assert text["Content-Type"] == "text/markdown; charset=utf-8"
    assert "Disk full" in text.content.decode()


def test_the_api_refuses_by_name(browser: Client) -> None:
    both = browser.get("/api/v1/reports/handover?hours=3&startDate=2026-01-01")
    assert (both.status_code, list(both.json()["details"])) == (400, ["hours"])
    strange = browser.get("/api/v1/reports/handover/export?day=1")
    assert (strange.status_code, list(strange.json()["details"])) == (400, ["day"])


def test_lists_that_are_not_for_the_reader_are_null() -> None:
    body = signed_in(user_with("HELPDESK")).get("/api/v1/reports/handover").json()["handover"]
    nulls = {name for name, value in body.items() if value is None}
    assert nulls == {
        "incidents",
        "openIncidents",
        "breakers",
        "approvals",
        "missedSchedules",
        "nextSchedules",
    }
