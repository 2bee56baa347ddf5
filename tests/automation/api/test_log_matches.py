"""The endpoint that looks for a text in all logs."""

from collections.abc import Callable

import pytest
from django.test import Client

from automation.engine.results import Status
from tests.automation import makers
from tests.automation.api.conftest import API

As = Callable[[str], Client]


def test_an_execution_is_found_with_its_lines(as_: As) -> None:
    execution = makers.execution(status=Status.FAILED)
    makers.log_row(execution, 7, stderr="one\nno space left on device\n")
    answer = as_("helpdesk").get(f"{API}/logs?search=SPACE+left")
    assert answer.status_code == 200
    body = answer.json()
    (match,) = body["matches"]
    assert match["executionId"] == str(execution.pk)
    assert (match["status"], match["places"]) == ("FAILED", 1)
    line = {"seq": 7, "stepNumber": 1, "stepName": "First", "stream": "stderr"}
    assert match["lines"] == [{**line, "line": "no space left on device"}]
    assert (body["isNarrowed"], body["next"], body["searched"]) == (False, None, 1)


def test_what_is_left_is_asked_for_with_before(as_: As) -> None:
    for minutes in (1, 2, 3):
        row = makers.execution(age_minutes=minutes, status=Status.SUCCESS)
        makers.log_row(row, 1, stdout="needle")
    client = as_("helpdesk")
    first = client.get(f"{API}/logs?search=needle&limit=2").json()
    assert len(first["matches"]) == 2
    second = client.get(f"{API}/logs?search=needle&limit=2&before={first['next']}").json()
    assert (len(second["matches"]), second["next"]) == (1, None)


def test_filters_narrow_it(as_: As) -> None:
    row = makers.execution(status=Status.SUCCESS)
    makers.log_row(row, 1, stdout="needle")
    client = as_("admin")

    def count(query: str) -> int:
        return len(client.get(f"{API}/logs?search=needle&{query}").json()["matches"])

    assert count(f"serverId={row.server_id}&runbookId=SAMPLE_MENDING&stream=stdout,stderr") == 1
    assert count("runbookId=SAMPLE_LOOKING") == 0
    assert count("stream=stderr") == 0
    assert count("matchCase=true") == 1
    assert count("endDate=2020-01-01") == 0


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "search"),
        ("search=ab", "search"),
        ("search=abc&stream=none", "stream"),
        ("search=abc&before=x", "before"),
        ("search=abc&limit=101", "limit"),
        ("search=abc&endDate=0001-01-01", "endDate"),
        ("search=abc&word=x", "word"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(as_: As, query: str, name: str) -> None:
    answer = as_("admin").get(f"{API}/logs?{query}")
    assert (answer.status_code, list(answer.json()["details"])) == (400, [name])
