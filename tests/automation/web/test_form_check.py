"""One field is judged as soon as it was left, and nothing is started by that."""

from typing import Any

import pytest
from django.test import Client

from automation.models import Execution
from servers.models import Server
from tests.automation.web.test_runbooks import As
from tests.support.pages import HTMX, text


def check(client: Client, field: str, runbook: str = "SAMPLE_EVERY_KIND", **sent: Any) -> Any:
    query = sent.pop("query", "")
    path = f"/runbooks/{runbook}/check/{query}"
    return client.post(path, {"field": field, **sent}, headers=HTMX)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("count", "9", "Must be at most 5 times."),
        ("count", "many", "Must be a whole number."),
        ("share", "2", "Must be at most 1."),
        ("manner", "rude", "Select a valid choice."),
        ("server", "", "Choose a server."),
        ("reason", "x" * 2001, "at most 2000 characters"),
    ],
)
def test_what_is_wrong_with_a_field_is_said(as_: As, field: str, value: str, said: str) -> None:
    answer = check(as_("granted"), field, **{field: value})
    assert said in text(answer)
    assert f'id="id_{field}_error"' in text(answer)


def test_nothing_is_said_of_a_good_field_nor_of_others(as_: As) -> None:
    assert text(check(as_("granted"), "count", count="2", share="99")).strip() == ""
    assert not Execution.objects.exists()


def test_what_is_needed_is_asked_for(as_: As) -> None:
    answer = check(as_("granted"), "path", runbook="SAMPLE_MENDING", path="")
    assert "Path is needed." in text(answer)


def test_the_form_for_several_servers_is_checked_as_well(as_: As, server: Server) -> None:
    answer = check(as_("granted"), "max_parallel", query="?batch=yes", max_parallel="0")
    assert "greater than or equal to 1" in text(answer)


def test_a_field_that_is_none_is_not_found(as_: As) -> None:
    assert check(as_("granted"), "is_active").status_code == 404
