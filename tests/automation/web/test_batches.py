from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import ActionStatus, Status
from automation.models import Batch, Execution
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.web.test_executions import words
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]
Persona = Callable[[str], User | None]
LONG_AGO = timezone.now() - timedelta(hours=1)


@pytest.fixture
def batch(persona: Persona, server: Server) -> Batch:
    """One that ended on two servers and runs on a third."""
    made = Batch.objects.create(
        runbook=makers.entry(), started_by=persona("granted"), reason="A leap second."
    )
    for name, status, said in (
        ("a1", Status.SUCCESS, "well"),
        ("b2", Status.SUCCESS, "well"),
        ("c3", Status.RUNNING, "<odd>"),
    ):
        execution = makers.execution(
            server=makers.server(name=name),
            status=status,
            batch=made,
            triggered_by_user=persona("granted"),
            current_step=1,
            started_at=LONG_AGO,
            finished_at=LONG_AGO if status.is_final else None,
            revision=3,
        )
        makers.log_row(execution, 1, stdout=f"{said}\n")
    return made


def member(batch: Batch, name: str) -> Execution:
    return batch.executions.get(server__name=name)


def page_of(client: Client, batch: Batch) -> str:
    return words(text_of(client.get(f"/batches/{batch.pk}/")))


def poll(client: Client, batch: Batch, **query: str) -> Any:
    return client.get(f"/batches/{batch.pk}/state/", query, headers=HTMX)


@pytest.mark.parametrize(
    ("name", "status"),
    [("admin", 200), ("granted", 200), ("stranger", 200), ("helpdesk", 200), ("hr", 404)],
)
def test_who_sees_batches(as_: As, batch: Batch, name: str, status: int) -> None:
    client = as_(name)
    listed = client.get("/batches/")
    assert listed.status_code == (200 if status == 200 else 403)
    assert (f"/batches/{batch.pk}/" in listed.content.decode()) is (status == 200)
    for tail in ("", "state/"):
        assert client.get(f"/batches/{batch.pk}/{tail}").status_code == status


def test_without_batches_the_page_says_what_to_do(as_: As, rows: None) -> None:
    assert "No batch yet" in text_of(as_("helpdesk").get("/batches/"))


def test_the_list_says_how_each_stands(as_: As, batch: Batch) -> None:
    page = words(text_of(as_("helpdesk").get("/batches/")))
    for said in ("3 servers", "2 succeeded", "1 running"):
        assert said in page, said
    assert "failed" not in page


def test_the_list_costs_the_same_number_of_queries_however_long_it_is(
    as_: As, batch: Batch, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        Batch.objects.create(runbook=makers.entry(), started_by=batch.started_by)
    client = as_("helpdesk")
    with django_assert_max_num_queries(7):
        client.get("/batches/")


def test_a_batch_says_in_one_sentence_how_it_stands(as_: As, batch: Batch) -> None:
    who = batch.started_by
    assert who is not None
    page = page_of(as_("helpdesk"), batch)
    assert f"Mend a file on 3 servers, started by {who.username}: 2 succeeded, 1 running." in page
    assert "Reason: A leap second." in page


def test_one_that_no_user_started_says_which_schedule_did(as_: As, batch: Batch) -> None:
    Batch.objects.update(started_by=None, trigger_name="Nightly")
    assert "started by the schedule Nightly:" in page_of(as_("helpdesk"), batch)
    assert "Nightly" in text_of(as_("helpdesk").get("/batches/"))


def test_what_was_left_out_or_taken_back_is_counted(as_: As, batch: Batch) -> None:
    Execution.objects.filter(server__name="a1").update(status=Status.CANCELLED)
    Execution.objects.filter(server__name="b2").update(status=Status.ROLLED_BACK)
    Batch.objects.update(stopped_at=timezone.now(), stop_reason="2 executions failed.")
    page = page_of(as_("helpdesk"), batch)
    assert "2 left out or taken back" in page
    assert "what had not begun was left out" in page
    assert "2 executions failed." in page


def test_refused_servers_stand_with_their_reasons(as_: As, batch: Batch, server: Server) -> None:
    refusal = {
        "server_id": str(server.pk),
        "server_name": server.name,
        "code": "RATE_LIMIT_EXCEEDED",
        "message": "It ran there <just now>.",
    }
    Batch.objects.update(refusals=[refusal])
    page = page_of(as_("helpdesk"), batch)
    assert "1 refused" in page
    assert "It ran there &lt;just now&gt;." in page
    assert f"/servers/{server.pk}/" in page


def test_one_that_was_refused_everywhere_says_so(as_: As, batch: Batch) -> None:
    batch.executions.all().delete()
    page = page_of(as_("helpdesk"), batch)
    assert "refused on every server." in page
    assert "batch-grid" not in page


def test_each_cell_leads_to_the_log_at_its_step(as_: As, batch: Batch) -> None:
    client, first = as_("helpdesk"), member(batch, "a1")
    page = page_of(client, batch)
    assert page.count('class="cell ') == 6
    assert f'href="/executions/{first.pk}/#step-1"' in page
    assert 'id="step-1"' in text_of(client.get(f"/executions/{first.pk}/"))


def test_an_anchor_stands_once_in_a_log(as_: As, batch: Batch) -> None:
    first = member(batch, "a1")
    makers.log_row(first, 2)
    makers.log_row(first, 3, step_number=2)
    makers.log_row(first, 4, step_name="Take back: First")
    page = text_of(as_("helpdesk").get(f"/executions/{first.pk}/"))
    assert [page.count(f'id="step-{number}"') for number in (1, 2)] == [1, 1]


@pytest.mark.parametrize(
    ("status", "label"),
    [
        (Status.SUCCESS, "Done"),
        (Status.RUNNING, "Running"),
        (Status.FAILED, "Failed"),
        (Status.TIMEOUT, "Timed out"),
        (Status.CANCELLED, "Cancelled"),
        (Status.UNKNOWN, "Unknown"),
        (Status.PENDING, "Not reached"),
    ],
)
def test_a_cell_says_in_words_how_its_step_stands(
    as_: As, batch: Batch, status: Status, label: str
) -> None:
    Execution.objects.filter(batch=batch).update(status=status)
    assert f'aria-label="{label}"' in page_of(as_("helpdesk"), batch)


def test_a_step_that_was_skipped_or_only_planned_says_so(as_: As, batch: Batch) -> None:
    makers.log_row(member(batch, "a1"), 2, step_number=2, status=ActionStatus.SKIPPED)
    makers.log_row(member(batch, "b2"), 2, step_number=2, status=ActionStatus.PLANNED, changes=True)
    page = page_of(as_("helpdesk"), batch)
    assert 'aria-label="Skipped"' in page
    assert 'aria-label="Planned"' in page


def test_what_a_step_said_is_folded(as_: As, batch: Batch) -> None:
    page = page_of(as_("helpdesk"), batch)
    assert "2 said the same, 1 differs" in page
    assert "<strong>2 servers</strong>: a1, b2" in page
    assert '<pre class="command" hx-disable>&lt;odd&gt;</pre>' in page


def test_of_many_different_answers_some_are_shown_and_the_rest_counted(
    as_: As, batch: Batch
) -> None:
    for number in range(14):
        execution = makers.execution(batch=batch, status=Status.SUCCESS)
        makers.log_row(execution, 1, stdout=f"answer {number}\n")
    page = page_of(as_("helpdesk"), batch)
    assert "2 said the same, 15 differ" in page
    assert "4 more answers differ" in page


def test_the_page_costs_the_same_number_of_queries_however_many_servers(
    as_: As, batch: Batch, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        makers.execution(batch=batch, status=Status.SUCCESS)
        makers.execution(batch=batch)
    client = as_("helpdesk")
    with django_assert_max_num_queries(12):
        client.get(f"/batches/{batch.pk}/")


def seen(client: Client, batch: Batch) -> str:
    """Return what the page's own poll says that it has seen."""
    page = page_of(client, batch)
    return page[page.index("?seen=") + len("?seen=") :].split("&amp;")[0]


def test_a_poll_with_nothing_new_is_204_and_costs_one_query(
    as_: As, batch: Batch, django_assert_num_queries: Any
) -> None:
    client = as_("helpdesk")
    known = seen(client, batch)
    with django_assert_num_queries(1):  # which finds session, user, permissions and the batch
        answer = poll(client, batch, seen=known)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("name", ["a1", "c3"])
def test_each_change_of_any_member_is_new(as_: As, batch: Batch, name: str) -> None:
    client = as_("helpdesk")
    known = seen(client, batch)
    Execution.objects.filter(batch=batch, server__name=name).update(revision=4)
    assert poll(client, batch, seen=known).status_code == 200


def test_a_poll_brings_the_rows_that_moved_and_goes_on(as_: As, batch: Batch) -> None:
    now = timezone.now().isoformat()
    part = text_of(poll(as_("helpdesk"), batch, seen="0.0", at=now))
    assert 'hx-trigger="every 2s"' in part
    assert "<html" not in part
    moved = [name for name in ("a1", "b2", "c3") if f'id="server-{member(batch, name).pk}"' in part]
    assert moved == ["c3"]
    assert part.count('hx-swap-oob="true"') == 3  # the sentence, what was said, the row


@pytest.mark.parametrize("at", ["", "yesterday", "2026-01-01T00:00:00"])
def test_a_poll_from_no_known_time_brings_every_row(as_: As, batch: Batch, at: str) -> None:
    part = text_of(poll(as_("helpdesk"), batch, seen="0.0", at=at))
    assert part.count("<tr id=") == 3


def test_a_row_that_was_taken_back_or_decided_since_has_moved(as_: As, batch: Batch) -> None:
    now = timezone.now()
    Execution.objects.filter(server__name="a1").update(rollback_at=now)
    Execution.objects.filter(server__name="b2").update(decided_at=now)
    part = text_of(poll(as_("helpdesk"), batch, seen="0.0", at=now.isoformat()))
    assert part.count("<tr id=") == 3


def test_once_nothing_is_live_it_polls_no_more(as_: As, batch: Batch) -> None:
    Execution.objects.filter(server__name="c3").update(status=Status.SUCCESS)
    client = as_("helpdesk")
    part = text_of(poll(client, batch, seen="9.3"))
    assert "hx-trigger" not in part
    page = page_of(client, batch)
    assert "hx-trigger" not in page[page.index('id="batch_state"') :][:300]


@pytest.mark.parametrize(
    ("name", "cancels"),
    [("admin", True), ("manager", True), ("granted", True), ("stranger", False), ("hr", False)],
)
def test_who_may_cancel(as_: As, batch: Batch, name: str, cancels: bool) -> None:
    client = as_(name)
    if name != "hr":
        assert ("Cancel the batch" in page_of(client, batch)) is cancels
    answer = client.post(f"/batches/{batch.pk}/cancel/")
    is_asked = member(batch, "c3").cancel_requested_at is not None
    assert is_asked is cancels
    if cancels:
        assert answer["Location"] == f"/batches/{batch.pk}/"
    else:
        assert answer.status_code == (404 if name == "hr" else 403)


def test_a_cancel_that_comes_too_late_is_told(as_: As, batch: Batch) -> None:
    Execution.objects.update(status=Status.SUCCESS)
    path = f"/batches/{batch.pk}/"
    answer = as_("admin").post(f"{path}cancel/", headers={"referer": path}, follow=True)
    assert "so there is nothing to cancel" in text_of(answer)


def test_cancelling_takes_a_post_with_a_token(batch: Batch) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(makers.admin())
    assert client.get(f"/batches/{batch.pk}/cancel/").status_code == 405
    assert client.post(f"/batches/{batch.pk}/cancel/").status_code == 403
    assert member(batch, "c3").cancel_requested_at is None


def test_afterwards_it_offers_to_run_again_where_it_did_not_succeed(as_: As, batch: Batch) -> None:
    Execution.objects.filter(server__name="c3").update(status=Status.FAILED)
    form = f"/runbooks/SAMPLE_MENDING/batch/?batch={batch.pk}"
    assert f"{form}&amp;only=unlucky" in page_of(as_("granted"), batch)
    assert form not in page_of(as_("helpdesk"), batch)


def test_a_dry_run_offers_to_run_it_for_real_where_it_succeeded(as_: As, batch: Batch) -> None:
    Batch.objects.update(is_dry_run=True)
    Execution.objects.update(status=Status.SUCCESS, is_dry_run=True)
    page = page_of(as_("granted"), batch)
    assert "Run it for real" in page
    assert f"/runbooks/SAMPLE_MENDING/batch/?batch={batch.pk}&amp;only=succeeded" in page
    Execution.objects.update(status=Status.FAILED)
    assert "Run it for real" not in page_of(as_("granted"), batch)


def test_what_went_wrong_is_told_once_for_all_servers(as_: As, batch: Batch) -> None:
    for execution in batch.executions.select_related("server"):
        execution.status = Status.FAILED
        execution.error_message = f"{execution.server.name} did not answer."
        execution.save()
    Execution.objects.filter(server__name="b2").update(error_message="<b>Odd</b>")
    page = page_of(as_("helpdesk"), batch)
    assert 'The server did not answer. <span class="soft">(a1, c3)</span>' in page
    assert "&lt;b&gt;Odd&lt;/b&gt;" in page
    assert page.index("The server did not answer.") < page.index("&lt;b&gt;Odd")


def test_its_executions_are_listed_alone(as_: As, batch: Batch) -> None:
    other = makers.execution()
    page = text_of(as_("helpdesk").get("/executions/", {"batch": str(batch.pk)}))
    assert str(member(batch, "a1").pk) in page
    assert str(other.pk) not in page
    assert "One batch" in page


def test_an_execution_leads_to_its_batch(as_: As, batch: Batch) -> None:
    page = text_of(as_("helpdesk").get(f"/executions/{member(batch, 'a1').pk}/"))
    assert f"/batches/{batch.pk}/" in page


def test_production_is_marked_in_the_grid(as_: As, batch: Batch) -> None:
    Server.objects.filter(name="b2").update(environment=Environment.PRODUCTION)
    assert page_of(as_("helpdesk"), batch).count('aria-label="Production"') == 1
