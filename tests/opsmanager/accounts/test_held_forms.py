"""A form that was sent after the login had ended waits for the next one, and starts nothing."""

import html
import re
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client

from automation.models import Batch, Execution
from servers.models import Server
from tests.automation.api.conftest import server
from tests.automation.conftest import library, rows
from tests.support import servers
from tests.support.pages import HTMX, text
from tests.support.users import PASSWORD, user_with

__all__ = ["library", "rows", "server"]
pytestmark = pytest.mark.django_db

RUN = "/runbooks/SAMPLE_MENDING/run/"


@pytest.fixture
def ann(server: Server):
    return servers.grant(user_with("NOC", name="ann"), server)


def held_in(answer: Any) -> str:
    found = re.search(r'name="held_form" value="([^"]*)"', answer.content.decode())
    assert found
    return html.unescape(found[1])


def sign_in(browser: Client, **more: str) -> Any:
    return browser.post("/login/", {"username": "ann", "password": PASSWORD, **more})


def test_what_was_typed_is_there_again_after_the_login_and_nothing_has_run(
    ann: Any, server: Server
) -> None:
    browser = Client()
    typed = {"server": str(server.pk), "path": "/tmp/<b>", "reason": "It is down", "mode": "run"}
    answer = browser.post(RUN, {**typed, "form_key": str(uuid4())})
    assert answer.status_code == 401
    assert "Your login had ended, so nothing was started." in text(answer)

    wrong = browser.post(
        "/login/", {"username": "ann", "password": "no", "held_form": held_in(answer)}
    )
    came = sign_in(browser, held_form=held_in(wrong))
    assert (came.status_code, came["Location"]) == (302, "/runbooks/SAMPLE_MENDING/")
    page = text(browser.get("/runbooks/SAMPLE_MENDING/"))
    assert "Your login had ended before you sent this" in page
    assert 'value="/tmp/&lt;b&gt;"' in page
    assert 'value="It is down"' in page
    assert re.search(rf'<option value="{server.pk}" selected', page)
    assert not Execution.objects.exists()

    again = text(browser.get("/runbooks/SAMPLE_MENDING/"))
    assert "Your login had ended" not in again.replace("Your login has ended", "")
    assert "It is down" not in again, "it is shown once"


def test_ticked_servers_are_kept_too(ann: Any, server: Server) -> None:
    browser, path = Client(), "/runbooks/SAMPLE_MENDING/batch/"
    answer = browser.post(path, {"servers": [str(server.pk)], "path": "/tmp/x", "mode": "run"})
    assert sign_in(browser, held_form=held_in(answer))["Location"] == path
    page = text(browser.get(path))
    assert re.search(rf'value="{server.pk}"[^>]*checked', page)
    assert 'value="/tmp/x"' in page
    assert not Batch.objects.exists()


def test_secrets_and_typed_names_are_not_kept(ann: Any) -> None:
    answer = Client().post(
        "/runbooks/SAMPLE_SECRETIVE/run/",
        {"password": "hunter2!", "path": "/tmp/x", "confirm_server": "db-1"},
    )
    kept = signing.loads(held_in(answer), salt="opsmanager.accounts.held_forms")
    assert kept["fields"] == {"path": ["/tmp/x"]}


def test_of_a_form_that_nobody_knows_nothing_is_kept_and_nothing_is_told() -> None:
    answer = Client().post("/runbooks/GONE/run/", {"password": "hunter2!"})
    assert answer.status_code == 401
    kept = signing.loads(held_in(answer), salt="opsmanager.accounts.held_forms")
    assert kept["fields"] == {}


@pytest.mark.parametrize("text_", ["", "x", "e30:1abc:x"])
def test_what_we_did_not_sign_is_passed_over(ann: Any, text_: str) -> None:
    assert sign_in(Client(), held_form=text_)["Location"] == "/"


def test_another_form_than_ours_leads_nowhere_else(ann: Any) -> None:
    forged = signing.dumps({"path": "https://evil.example/", "fields": {}}, salt="another")
    assert sign_in(Client(), held_form=forged)["Location"] == "/"


def test_a_form_that_a_script_sends_stays_where_it_is(ann: Any) -> None:
    answer = Client().post(RUN, {"path": "/tmp/x"}, headers=HTMX)
    assert (answer.status_code, answer.content) == (401, b"")
    assert "HX-Redirect" not in answer


def test_the_box_over_the_page_signs_in_and_hands_on_a_new_token(ann: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    box = browser.get("/login/", headers=HTMX)
    assert "<html" not in text(box)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text(box))
    assert token
    form = {"username": "ann", "csrfmiddlewaretoken": token[1]}
    wrong = browser.post("/login/", {**form, "password": "no"}, headers=HTMX)
    assert wrong.status_code == 422
    assert "<html" not in text(wrong)
    right = browser.post("/login/", {**form, "password": PASSWORD}, headers=HTMX)
    new = re.search(r'data-token="(\w+)"', text(right))
    assert new
    refused = browser.post(RUN, {"csrfmiddlewaretoken": token[1]}, headers=HTMX)
    assert refused.status_code == 401, "the page asks for a new token instead of losing the form"
    assert browser.post(RUN, {"csrfmiddlewaretoken": new[1]}, headers=HTMX).status_code == 422
    assert "data-token" in text(browser.get("/login/", headers=HTMX))
