from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import ActionStatus, Status
from automation.models import Execution
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.web.test_executions import log, state, words
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]
Persona = Callable[[str], User | None]
TITLE = "Make the file"


@pytest.fixture
def done(server: Server) -> Execution:
    """A run that can be taken back."""
    return makers.execution(
        server=server,
        status=Status.SUCCESS,
        steps_done=[1],
        step_titles=[TITLE],
        total_steps=1,
        current_step=1,
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )


@pytest.fixture
def manager(persona: Persona, as_: As, server: Server) -> Client:
    """A manager who may operate the server."""
    permissions.grant(persona("manager"), roles.OPERATE_SERVERS, server)
    return as_("manager")


def plan(client: Client, execution: Execution) -> Any:
    return client.get(f"/executions/{execution.pk}/rollback/")


def ask(client: Client, execution: Execution, **sent: Any) -> Any:
    headers = sent.pop("headers", None)
    return client.post(f"/executions/{execution.pk}/rollback/", sent, headers=headers)


def test_first_the_plan_is_shown_and_nothing_happens(manager: Client, done: Execution) -> None:
    assert f"/executions/{done.pk}/rollback/" in text_of(manager.get(f"/executions/{done.pk}/"))
    page = words(text_of(plan(manager, done)))
    assert f"Take back step 1: <strong>{TITLE}</strong>" in page
    done.refresh_from_db()
    assert done.rollback_status == ""


def test_it_is_asked_for_with_a_reason(manager: Client, persona: Persona, done: Execution) -> None:
    answer = ask(manager, done, reason="Wrong file.")
    assert answer["Location"] == f"/executions/{done.pk}/"
    done.refresh_from_db()
    assert (done.rollback_status, done.rollback_reason) == (Status.PENDING, "Wrong file.")
    assert done.rollback_by == persona("manager")


def test_to_htmx_it_is_a_redirect_of_the_browser(manager: Client, done: Execution) -> None:
    answer = ask(manager, done, headers=HTMX)
    assert answer["HX-Redirect"] == f"/executions/{done.pk}/"


@pytest.mark.parametrize(
    ("name", "status"), [("granted", 403), ("stranger", 403), ("helpdesk", 403), ("hr", 404)]
)
def test_who_may_not_is_neither_offered_nor_obeyed(
    as_: As, done: Execution, name: str, status: int
) -> None:
    client = as_(name)
    if status == 403:
        assert "/rollback/" not in text_of(client.get(f"/executions/{done.pk}/"))
    assert plan(client, done).status_code == status
    assert ask(client, done).status_code == status
    done.refresh_from_db()
    assert done.rollback_status == ""


def test_a_manager_without_the_server_may_not_take_back_there(as_: As, done: Execution) -> None:
    assert ask(as_("manager"), done).status_code == 403


@pytest.mark.parametrize(
    ("runbook", "fields", "why"),
    [
        ("SAMPLE_MENDING", {"steps_done": []}, "It changed nothing"),
        ("SAMPLE_MENDING", {"is_dry_run": True}, "It was a dry run"),
        ("SAMPLE_MENDING", {"status": Status.RUNNING}, "It has not ended yet"),
        ("SAMPLE_MENDING", {"status": Status.ROLLED_BACK}, "It was taken back already"),
        ("SAMPLE_MENDING", {"rollback_status": Status.RUNNING}, "It is being taken back already"),
        ("SAMPLE_DANGEROUS", {"steps_done": [1]}, "It is gone."),
        ("SAMPLE_LOOKING", {}, "It only reads"),
    ],
)
def test_where_nothing_can_be_taken_back_it_says_why(
    as_: As, server: Server, runbook: str, fields: dict[str, Any], why: str
) -> None:
    values = {"status": Status.SUCCESS, "steps_done": [1], **fields}
    execution = makers.execution(runbook, server=server, **values)
    page = text_of(plan(as_("admin"), execution))
    assert why in page
    assert "Take it back" not in page
    assert why in text_of(ask(as_("admin"), execution), 422)


def test_in_production_its_name_is_typed_and_what_was_typed_is_kept(
    as_: As, done: Execution
) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    refused = ask(as_("admin"), done, reason="Wrong file.", confirm_server="nearly")
    page = text_of(refused, 422)
    assert f"{done.server.name} is a production server: type its name" in page
    assert 'value="Wrong file."' in page
    assert 'value="nearly"' in page
    assert "<html" in page
    part = text_of(ask(as_("admin"), done, headers=HTMX), 422).strip()
    assert part.startswith('<form id="rollback_form"')
    assert ask(as_("admin"), done, confirm_server=done.server.name).status_code == 302


def test_a_reason_that_is_too_long_is_refused_beside_its_field(
    manager: Client, done: Execution
) -> None:
    page = text_of(ask(manager, done, reason="x" * 2001), 422)
    assert 'id="id_reason_error"' in page
    done.refresh_from_db()
    assert done.rollback_status == ""


def test_what_changed_the_server_since_is_named(manager: Client, done: Execution) -> None:
    later = makers.execution(
        "SAMPLE_SCRIPTED", server=done.server, status=Status.SUCCESS, started_at=timezone.now()
    )
    page = text_of(plan(manager, done))
    assert "The server was changed since" in page
    assert f"/executions/{later.pk}/" in page


@pytest.mark.parametrize(
    ("status", "mark"),
    [(Status.PENDING, "ROLLBACK_PENDING"), (Status.RUNNING, "ROLLBACK_RUNNING")],
)
def test_while_it_is_taken_back_the_monitor_polls_and_offers_to_cancel(
    as_: As, persona: Persona, done: Execution, status: Status, mark: str
) -> None:
    Execution.objects.update(
        rollback_status=status,
        rollback_by=persona("admin"),
        rollback_at=timezone.now(),
        rollback_reason="Wrong file.",
        waiting_since=timezone.now() if status == Status.PENDING else None,
        revision=7,
    )
    client = as_("admin")
    part = text_of(state(client, done, revision=6))
    assert f'data-state="{mark}"' in part
    assert 'hx-trigger="every 2s"' in part
    assert "Cancel the rollback" in part
    assert "Wrong file." in part
    assert 'hx-trigger="every 1s"' in text_of(log(client, done, revision=6))
    assert "/rollback/" not in part


def test_its_rows_come_to_the_end_of_the_log(as_: As, done: Execution) -> None:
    makers.log_row(done, 1, step_name=TITLE)
    Execution.objects.update(rollback_status=Status.RUNNING, revision=7)
    makers.log_row(done, 2, step_name=f"Take back: {TITLE}", command="rm /tmp/x")
    part = text_of(log(as_("helpdesk"), done, after=1, revision=6))
    assert f"Take back: {TITLE}" in part
    assert "rm /tmp/x" in part


def test_cancelling_it_leaves_the_execution_as_it_was(as_: As, done: Execution) -> None:
    ask(as_("admin"), done)
    as_("admin").post(f"/executions/{done.pk}/cancel/")
    done.refresh_from_db()
    assert (done.status, done.rollback_status) == (Status.SUCCESS, Status.CANCELLED)
    assert "The rollback was cancelled" in text_of(as_("admin").get(f"/executions/{done.pk}/"))


def test_afterwards_it_says_by_whom_and_why(as_: As, persona: Persona, done: Execution) -> None:
    admin = persona("admin")
    assert admin is not None
    makers.log_row(done, 1, step_name=TITLE)
    makers.log_row(done, 2, step_name=f"Take back: {TITLE}")
    Execution.objects.update(
        status=Status.ROLLED_BACK,
        verdict="FIXED",
        rollback_status=Status.SUCCESS,
        rollback_by=admin,
        rollback_at=timezone.now(),
        rollback_reason="Wrong file.",
        rollback_message=f"Taken back: “{TITLE}”.",
    )
    page = words(text_of(as_("admin").get(f"/executions/{done.pk}/")))
    assert f"was rolled back by {admin.username}." in page
    assert f"Rolled back by {admin.username}" in page
    assert "Reason: Wrong file." in page
    assert f"Taken back: “{TITLE}”." in page
    assert 'data-state="TAKEN_BACK"' in page
    assert "hx-trigger" not in page[page.index('id="execution_state"') :][:300]


def test_one_that_failed_says_why_and_offers_to_try_again(as_: As, done: Execution) -> None:
    makers.log_row(
        done, 1, step_name=f"Take back: {TITLE}", status=ActionStatus.FAILED, exit_code=1
    )
    Execution.objects.update(
        rollback_status=Status.FAILED, rollback_message="No such file.", rollback_at=timezone.now()
    )
    page = text_of(as_("admin").get(f"/executions/{done.pk}/"))
    assert "The rollback failed" in page
    assert "No such file." in page
    assert "Try to take it back again" in page
    assert "Try to take it back again" not in text_of(
        as_("helpdesk").get(f"/executions/{done.pk}/")
    )
    assert TITLE in text_of(plan(as_("admin"), done))
