from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import ActionStatus, Status
from automation.models import CatalogEntry, Execution
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]
Persona = Callable[[str], User | None]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "status"),
    [("admin", 200), ("granted", 200), ("stranger", 200), ("helpdesk", 200), ("hr", 404)],
)
def test_who_sees_the_history_and_its_monitors(as_: As, name: str, status: int) -> None:
    execution = makers.execution()
    client = as_(name)
    listed = client.get("/executions/")
    assert listed.status_code == (200 if status == 200 else 403)
    assert (f"/executions/{execution.pk}/" in listed.content.decode()) is (status == 200)
    for tail in ("", "state/", "log/"):
        assert client.get(f"/executions/{execution.pk}/{tail}").status_code == status


def test_an_empty_history_says_what_to_do(as_: As) -> None:
    assert "Nothing has run yet" in text_of(as_("helpdesk").get("/executions/"))
    assert "No execution fits" in text_of(as_("helpdesk").get("/executions/", {"search": "x"}))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "mend"}, "mending"),
        ({"status": "FAILED"}, "looking"),
        ({"verdict": "FIXED"}, "mending"),
        ({"runbook": "SAMPLE_LOOKING"}, "looking"),
        ({"server": "SERVER"}, "mending"),
    ],
)
def test_each_filter_of_the_history(
    as_: As, server: Server, query: dict[str, str], found: str
) -> None:
    rows = {
        "mending": makers.execution(server=server, status=Status.SUCCESS, verdict="FIXED"),
        "looking": makers.execution("SAMPLE_LOOKING", status=Status.FAILED),
    }
    asked = {name: value.replace("SERVER", str(server.pk)) for name, value in query.items()}
    page = text_of(as_("helpdesk").get("/executions/", asked))
    shown = {name for name, row in rows.items() if f"/executions/{row.pk}/" in page}
    assert shown == {found}


def test_filters_that_mean_nothing_are_passed_over(as_: As) -> None:
    execution = makers.execution()
    asked = {"server": "no-uuid", "page": "x"}
    assert str(execution.pk) in text_of(as_("helpdesk").get("/executions/", asked))


def test_to_htmx_the_history_is_its_table_alone(as_: As) -> None:
    makers.execution()
    part = text_of(as_("helpdesk").get("/executions/", headers=HTMX)).strip()
    assert part.startswith('<div id="execution_table"')
    assert "<html" not in part


def test_the_history_comes_in_pages(as_: As) -> None:
    rows = [makers.execution("SAMPLE_LOOKING", age_minutes=age) for age in range(27)]
    first = text_of(as_("helpdesk").get("/executions/"))
    second = text_of(as_("helpdesk").get("/executions/", {"page": "2"}))
    assert f"/executions/{rows[24].pk}/" in first
    assert f"/executions/{rows[25].pk}/" not in first
    assert f"/executions/{rows[26].pk}/" in second


def test_the_history_costs_the_same_number_of_queries_however_long_it_is(
    as_: As, persona: Persona, django_assert_max_num_queries: Any
) -> None:
    client = as_("helpdesk")
    for status in Status:
        makers.execution("SAMPLE_LOOKING", status=status, triggered_by_user=persona("admin"))
    with django_assert_max_num_queries(6):
        client.get("/executions/")


def test_a_monitor_says_in_one_sentence_what_where_and_by_whom(
    as_: As, persona: Persona, server: Server
) -> None:
    user = persona("granted")
    assert user is not None
    execution = makers.execution(
        server=server,
        triggered_by_user=user,
        status=Status.SUCCESS,
        verdict="FIXED",
        incident_id=uuid4(),
        reason="It was down.",
        result_summary="The file was made.",
        assessment_before={"healthy": False, "values": {"exists": False}, "summary": "Missing."},
        assessment_after={"healthy": True, "values": {"exists": True}, "summary": "There."},
        attempt=2,
        started_at="2026-01-01T00:00:00Z",
        finished_at="2026-01-01T00:00:04Z",
    )
    makers.log_row(execution, 1, stdout="<b>bold</b>\n")
    page = words(text_of(as_("helpdesk").get(f"/executions/{execution.pk}/")))
    assert (
        f"Mend a file on {server.name}, started by {user.username} for an incident, succeeded "
        "and fixed it." in page
    )
    for said in (
        "The file was made.",
        "Missing.",
        "There.",
        "It was down.",
        "&lt;b&gt;bold&lt;/b&gt;",
        "echo 1",
        f"/incidents/{execution.incident_id}/",
        'tag tone-run">changed',
    ):
        assert said in page, said
    assert "hx-trigger" not in page[page.index('id="execution_state"') :][:300]


def test_a_pending_execution_says_what_it_waits_for(as_: As, server: Server) -> None:
    makers.execution("SAMPLE_SCRIPTED", server=server, status=Status.RUNNING)
    execution = makers.execution(server=server)
    page = text_of(as_("helpdesk").get(f"/executions/{execution.pk}/"))
    assert f"Waits for {server.name}: Run scripts (somebody) runs" in page
    assert "Nothing was sent to the server yet." in page


def test_each_condition_says_whether_it_holds(as_: As, server: Server) -> None:
    makers.execution("SAMPLE_SCRIPTED", server=server, status=Status.RUNNING)
    execution = makers.execution(server=server)
    page = text_of(as_("helpdesk").get(f"/executions/{execution.pk}/"))
    why = words(page[page.index("Why does it wait?") :])
    assert 'aria-label="Does not hold yet"' in why
    assert "<strong>Server free</strong>: Run scripts (somebody) runs" in why
    assert "<strong>Worker alive</strong>" in why
    Execution.objects.filter(pk=execution.pk).update(waiting_since=None, status=Status.SUCCESS)
    assert "Why does it wait?" not in text_of(as_("helpdesk").get(f"/executions/{execution.pk}/"))


def test_a_poll_is_new_when_it_waits_for_another_one(as_: As, server: Server) -> None:
    first = makers.execution("SAMPLE_SCRIPTED", server=server, status=Status.RUNNING)
    execution = makers.execution(server=server)
    client = as_("helpdesk")
    page = text_of(client.get(f"/executions/{execution.pk}/"))
    waits = page[page.index("waits=") + len("waits=") :].split('"')[0]
    assert state(client, execution, revision=0, waits=waits).status_code == 204
    Execution.objects.filter(pk=first.pk).update(holds_server=False, status=Status.SUCCESS)
    assert state(client, execution, revision=0, waits=waits).status_code == 200


def test_an_automatic_retry_says_when_and_why(as_: As, server: Server) -> None:
    execution = makers.execution(
        server=server,
        attempt=1,
        max_retries=3,
        not_before=timezone.now() + timedelta(seconds=90),
        error_code="CONNECTION",
        error_message="It did not answer.",
    )
    makers.log_row(execution, 1)
    page = words(text_of(as_("helpdesk").get(f"/executions/{execution.pk}/")))
    assert "Attempt 1 of 4 failed. It is tried again in" in page
    assert "data-countdown" in page
    assert page.count("It did not answer.") == 1
    assert "Waits for its next attempt." in page
    Execution.objects.update(
        status=Status.RUNNING, attempt=2, not_before=None, waiting_since=None, error_message=""
    )
    makers.log_row(execution, 2, attempt=2)
    page = words(text_of(as_("helpdesk").get(f"/executions/{execution.pk}/")))
    assert "Attempt 2 of 4" in page
    assert "Attempt 2 · Step 1" in page


def test_a_step_that_was_left_out_says_so_in_words(as_: As, server: Server) -> None:
    execution = makers.execution(server=server, status=Status.SUCCESS)
    makers.log_row(execution, 1, status=ActionStatus.SKIPPED, exit_code=None, stdout="")
    page = words(text_of(as_("helpdesk").get(f"/executions/{execution.pk}/")))
    assert '<span class="tag">Skipped</span>' in page
    assert '<span class="step-time number"> Skipped </span>' in page
    assert page.count('aria-label="Skipped"') == 2


def state(client: Client, execution: Execution, **query: object) -> Any:
    return client.get(f"/executions/{execution.pk}/state/", query, headers=HTMX)


def log(client: Client, execution: Execution, **query: object) -> Any:
    return client.get(f"/executions/{execution.pk}/log/", query, headers=HTMX)


@pytest.mark.parametrize("poll", [state, log])
def test_a_poll_with_nothing_new_is_204(as_: As, poll: Callable[..., Any]) -> None:
    execution = makers.execution(status=Status.RUNNING, revision=7)
    client = as_("helpdesk")
    answer = poll(client, execution, revision=7)
    assert (answer.status_code, answer.content) == (204, b"")
    for revision in (6, "", "x"):
        assert poll(client, execution, revision=revision).status_code == 200


@pytest.mark.parametrize(
    ("poll", "trigger"),
    [(state, "every 2s"), (log, "every 1s")],
)
def test_a_poll_goes_on_until_the_execution_has_ended(
    as_: As, poll: Callable[..., Any], trigger: str
) -> None:
    execution = makers.execution(status=Status.RUNNING, revision=7)
    client = as_("helpdesk")
    running = text_of(poll(client, execution, revision=6))
    assert f'hx-trigger="{trigger}"' in running
    assert "revision=7" in running
    assert "<html" not in running
    Execution.objects.update(status=Status.SUCCESS)
    assert "hx-trigger" not in text_of(poll(client, execution, revision=7))


def test_the_poll_of_the_log_brings_rows_that_ended_and_those_that_run(as_: As) -> None:
    execution = makers.execution(status=Status.RUNNING, revision=7, started_at="2026-01-01T00:00Z")
    for seq in (1, 2, 4):
        makers.log_row(execution, seq)
    makers.log_row(execution, 3, status=ActionStatus.RUNNING, finished_at=None, exit_code=None)
    part = text_of(log(as_("helpdesk"), execution, after=1, revision=6))
    assert 'hx-swap-oob="beforeend:#log-rows"' in part
    running, new = part.split("hx-swap-oob")
    # What runs, and what ended after it began, come again until the first of them has ended.
    assert [seq for seq in (1, 2, 3, 4) if f'id="log-{seq}"' in running] == [3, 4]
    assert [seq for seq in (1, 2, 3, 4) if f'id="log-{seq}"' in new] == [2]
    assert "after=2&amp;revision=7" in running


@pytest.mark.parametrize("after", ["", "x", "-1", "٣"])
def test_a_poll_of_the_log_from_nowhere_begins_at_the_beginning(as_: As, after: str) -> None:
    execution = makers.execution(status=Status.SUCCESS)
    makers.log_row(execution, 1)
    assert 'id="log-1"' in text_of(log(as_("helpdesk"), execution, after=after))


@pytest.mark.parametrize(
    ("name", "cancels"),
    [("admin", True), ("manager", True), ("granted", True), ("stranger", False), ("hr", False)],
)
def test_who_may_cancel(as_: As, persona: Persona, name: str, cancels: bool) -> None:
    execution = makers.execution(triggered_by_user=persona("granted"))
    client = as_(name)
    if name != "hr":
        page = text_of(client.get(f"/executions/{execution.pk}/"))
        assert ('id="cancel-execution"' in page) is cancels
    answer = client.post(f"/executions/{execution.pk}/cancel/")
    execution.refresh_from_db()
    assert (execution.status == Status.CANCELLED) is cancels
    if cancels:
        assert answer["Location"] == f"/executions/{execution.pk}/"
    else:
        assert answer.status_code == (404 if name == "hr" else 403)


def test_a_cancel_that_comes_too_late_is_told_on_the_monitor(as_: As) -> None:
    execution = makers.execution(status=Status.SUCCESS)
    client, monitor = as_("admin"), f"/executions/{execution.pk}/"
    answer = client.post(f"{monitor}cancel/", headers={"referer": monitor}, follow=True)
    assert "It has ended already (SUCCESS), so there is nothing to cancel." in text_of(answer)


def exactly(client: Client, execution: Execution, **sent: str) -> Any:
    return client.post(f"/executions/{execution.pk}/run-exactly/", sent, follow=True)


@pytest.fixture
def rehearsed(server: Server) -> Execution:
    """A dry run that succeeded."""
    return makers.execution(
        server=server,
        status=Status.SUCCESS,
        is_dry_run=True,
        reason="Because.",
        incident_id=uuid4(),
        parameters={"path": "/tmp/rehearsed"},
    )


def test_what_a_dry_run_showed_is_run_exactly(as_: As, rehearsed: Execution) -> None:
    assert "Run exactly this" in text_of(as_("granted").get(f"/executions/{rehearsed.pk}/"))
    answer = exactly(as_("granted"), rehearsed)
    real = Execution.objects.get(is_dry_run=False)
    assert answer.redirect_chain == [(f"/executions/{real.pk}/", 302)]
    for name in ("runbook", "server", "parameters", "reason", "incident_id"):
        assert getattr(real, name) == getattr(rehearsed, name)


def test_running_exactly_is_permitted_as_every_launch_is(as_: As, rehearsed: Execution) -> None:
    assert exactly(as_("stranger"), rehearsed).status_code == 403
    assert exactly(as_("helpdesk"), rehearsed).status_code == 403
    assert exactly(as_("hr"), rehearsed).status_code == 404
    assert not Execution.objects.filter(is_dry_run=False).exists()


@pytest.mark.parametrize(
    "fields", [{"is_dry_run": False}, {"status": Status.FAILED}, {"status": Status.RUNNING}]
)
def test_only_a_dry_run_that_succeeded_can_be_run_exactly(
    as_: As, rehearsed: Execution, fields: dict[str, Any]
) -> None:
    Execution.objects.update(**fields)
    exactly(as_("granted"), rehearsed)
    assert Execution.objects.count() == 1


@pytest.mark.parametrize(("typed", "runs"), [("", False), ("web", False), ("NAME", True)])
def test_on_a_production_server_running_exactly_wants_its_name_typed(
    as_: As, rehearsed: Execution, typed: str, runs: bool
) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    monitor = text_of(as_("granted").get(f"/executions/{rehearsed.pk}/"))
    assert 'name="confirm_server"' in monitor
    exactly(as_("granted"), rehearsed, confirm_server=typed.replace("NAME", rehearsed.server.name))
    assert Execution.objects.filter(is_dry_run=False).exists() is runs


def test_run_again_with_edits_fills_the_form(as_: As, rehearsed: Execution) -> None:
    page = text_of(as_("granted").get(f"/executions/{rehearsed.pk}/"))
    assert "/runbooks/SAMPLE_MENDING/?server=" in page
    assert "path=%2Ftmp%2Frehearsed" in page
    assert f"incident={rehearsed.incident_id}" in page


@pytest.mark.parametrize("status", list(Status))
def test_every_state_has_its_monitor(as_: As, status: Status) -> None:
    execution = makers.execution(
        status=status,
        current_step=1,
        started_at="2026-01-01T00:00:00Z",
        finished_at="2026-01-01T00:00:02Z" if status.is_final else None,
        error_message="Why." if status.is_final else "",
        error_code="INTERNAL" if status.is_final else "",
        cancel_outcome="STOPPED" if status is Status.CANCELLED else "",
    )
    makers.log_row(execution, 1, status=ActionStatus.FAILED)
    page = text_of(as_("admin").get(f"/executions/{execution.pk}/"))
    assert f'data-state="{status}"' in page


def test_a_monitor_outlives_the_code_of_its_runbook(as_: As) -> None:
    gone = CatalogEntry.objects.create(runbook_id="GONE", title="Gone", is_deployed=False)
    execution = makers.execution(gone, status=Status.SUCCESS, is_dry_run=True)
    client, monitor = as_("admin"), f"/executions/{execution.pk}/"
    assert "Gone on" in text_of(client.get(monitor))
    assert exactly(client, execution).status_code == 404


@pytest.mark.parametrize("path", ["cancel", "run-exactly"])
def test_nothing_is_changed_by_looking(as_: As, path: str) -> None:
    execution = makers.execution()
    assert as_("admin").get(f"/executions/{execution.pk}/{path}/").status_code == 405


@pytest.mark.parametrize("path", ["cancel", "run-exactly"])
def test_nothing_is_changed_without_a_csrf_token(server: Server, path: str) -> None:
    execution = makers.execution()
    client = Client(enforce_csrf_checks=True)
    client.force_login(makers.admin())
    assert client.post(f"/executions/{execution.pk}/{path}/").status_code == 403
    execution.refresh_from_db()
    assert execution.status == Status.PENDING


def test_what_a_server_printed_holds_no_control_sequence_on_the_monitor(as_: As) -> None:
    execution = makers.execution(status=Status.FAILED, result_summary="all \u202eenod")
    makers.log_row(
        execution,
        1,
        command="echo '\x1b[2K' <b>",
        stdout="\x1b[31mfailed\x1b[0m <script>alert(1)</script>\n10 %\r20 %\n",
        stderr="\x1b]8;;javascript:alert(1)\x1b\\click\x1b]8;;\x1b\\",
        error_message="bell\x07",
    )
    page = as_("helpdesk").get(f"/executions/{execution.pk}/").content.decode()
    for hidden in ("\x1b", "\r", "\x07", "\u202e", "javascript:", "<script>alert", "10 %"):
        assert hidden not in page, hidden
    assert "failed &lt;script&gt;alert(1)&lt;/script&gt;\n20 %" in page
    assert "echo &#x27;␛[2K&#x27; &lt;b&gt;" in page
    assert "all ⟨U+202E⟩enod" in page
    assert "bell␇" in page
