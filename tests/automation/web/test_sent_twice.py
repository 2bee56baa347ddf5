"""A form that is sent twice starts one thing, with and without scripts."""

from typing import Any
from uuid import uuid4

import pytest

from automation.engine.results import Status
from automation.models import Batch, Execution
from servers.models import Server
from tests.automation import makers
from tests.automation.web.test_runbooks import As
from tests.support.pages import HTMX, text

RUN = "/runbooks/SAMPLE_SCRIPTED/run/"


def key_in(answer: Any) -> str:
    page = text(answer)
    begin = page.index('name="form_key" value="') + len('name="form_key" value="')
    return page[begin : page.index('"', begin)]


@pytest.mark.parametrize("mode", ["run", "dry-run"])
def test_one_execution_whose_monitor_both_lead_to(as_: As, server: Server, mode: str) -> None:
    client = as_("granted")
    key = key_in(client.get("/runbooks/SAMPLE_SCRIPTED/"))
    form = {"server": str(server.pk), "limit": "60", "mode": mode, "form_key": key}
    first, second = client.post(RUN, form), client.post(RUN, form)
    execution = Execution.objects.get()
    assert first["Location"] == second["Location"] == f"/executions/{execution.pk}/"


def test_a_new_page_may_start_another(as_: As, server: Server) -> None:
    client = as_("granted")
    for _ in range(2):
        key = key_in(client.get("/runbooks/SAMPLE_SCRIPTED/"))
        client.post(RUN, {"server": str(server.pk), "limit": "60", "form_key": key})
    assert Execution.objects.count() == 2


def test_with_something_else_in_it_it_asks_and_may_be_sent_again(as_: As, server: Server) -> None:
    client = as_("granted")
    form = {"server": str(server.pk), "limit": "60", "form_key": str(uuid4())}
    client.post(RUN, form)
    asked = client.post(RUN, {**form, "limit": "61"}, headers=HTMX)
    assert asked.status_code == 422
    assert "This form was sent before, with something else in it" in text(asked)
    assert Execution.objects.count() == 1
    client.post(RUN, {**form, "limit": "61", "form_key": key_in(asked)})
    assert Execution.objects.count() == 2


def test_a_form_that_was_refused_keeps_its_key(as_: As, server: Server) -> None:
    client, key = as_("granted"), str(uuid4())
    refused = client.post(RUN, {"server": str(server.pk), "limit": "0", "form_key": key})
    assert key_in(refused) == key


@pytest.mark.parametrize("key", ["", "no uuid", "'; --"])
def test_what_is_no_key_is_none(as_: As, server: Server, key: str) -> None:
    as_("granted").post(RUN, {"server": str(server.pk), "limit": "60", "form_key": key})
    assert Execution.objects.get().idempotency_key is None


def test_one_batch(as_: As, server: Server) -> None:
    client, path = as_("granted"), "/runbooks/SAMPLE_LOOKING/batch/"
    form = {"servers": [str(server.pk)], "mode": "run", "form_key": key_in(client.get(path))}
    first, second = client.post(path, form), client.post(path, form)
    assert first["Location"] == second["Location"] == f"/batches/{Batch.objects.get().pk}/"


@pytest.mark.parametrize("what", ["retry", "run-exactly"])
def test_one_repetition(as_: As, server: Server, what: str) -> None:
    before = makers.execution(
        "SAMPLE_LOOKING", server=server, status=Status.SUCCESS, is_dry_run=what == "run-exactly"
    )
    client = as_("admin")
    key = key_in(client.get(f"/executions/{before.pk}/"))
    answers = [client.post(f"/executions/{before.pk}/{what}/", {"form_key": key}) for _ in range(2)]
    again = Execution.objects.exclude(pk=before.pk).get()
    assert {answer["Location"] for answer in answers} == {f"/executions/{again.pk}/"}
