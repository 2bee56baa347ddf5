from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import ActionStatus, Status
from automation.models import Execution
from automation.services import decisions
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.web.test_executions import log, state, words
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]
Persona = Callable[[str], User | None]


@pytest.fixture
def unknown(server: Server) -> Execution:
    """One whose end nobody saw."""
    execution = makers.execution(
        server=server,
        status=Status.UNKNOWN,
        error_code="WORKER_LOST",
        current_step=2,
        ask_server_at=timezone.now() + timedelta(seconds=30),
        started_at=timezone.now(),
        finished_at=timezone.now(),
        revision=7,
    )
    makers.log_row(execution, 1)
    makers.log_row(
        execution,
        2,
        step_number=2,
        command="touch /tmp/x",
        changes=True,
        status=ActionStatus.UNKNOWN,
        finished_at=None,
    )
    makers.log_row(execution, 3, step_number=2, command="touch /tmp/y", changes=True)
    return execution


def monitor(client: Client, execution: Execution) -> str:
    return words(text_of(client.get(f"/executions/{execution.pk}/")))


def decide(client: Client, execution: Execution, **sent: Any) -> Any:
    headers = sent.pop("headers", None)
    return client.post(f"/executions/{execution.pk}/decide/", sent, headers=headers)


def test_the_monitor_says_what_was_sent_and_asks_for_a_decision(
    as_: As, unknown: Execution
) -> None:
    page = monitor(as_("admin"), unknown)
    assert "Nobody knows how it ended" in page
    assert '<pre class="command">touch /tmp/x</pre>' in page
    assert "OpsManager asks the server by itself" in page
    for said in ("It succeeded", "It failed", "Run it again"):
        assert said in page


def test_one_that_is_not_asked_about_any_more_says_so_and_polls_no_more(
    as_: As, unknown: Execution
) -> None:
    Execution.objects.update(ask_server_at=None)
    page = monitor(as_("admin"), unknown)
    assert "The server is not asked any more" in page
    assert "hx-trigger" not in page[page.index('id="execution_state"') :][:300]


def test_without_a_command_in_its_log_it_says_that_one_may_have_been_sent(
    as_: As, server: Server
) -> None:
    execution = makers.execution(server=server, status=Status.UNKNOWN)
    assert "A changing command may have been sent" in monitor(as_("admin"), execution)


@pytest.mark.parametrize("poll", [state, log])
def test_while_the_server_is_asked_the_monitor_polls_and_keeps_what_is_typed(
    as_: As, unknown: Execution, poll: Callable[..., Any]
) -> None:
    assert 'every 10s"' in text_of(poll(as_("admin"), unknown, revision=6))
    assert poll(as_("admin"), unknown, revision=7).status_code == 204


@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [
        ("SUCCESS", Status.SUCCESS, "decided that it succeeded,"),
        ("FAILED", Status.FAILED, "decided that it failed,"),
    ],
)
def test_a_person_decides_how_it_ended(
    as_: As, persona: Persona, unknown: Execution, outcome: str, status: Status, said: str
) -> None:
    admin = persona("admin")
    assert admin is not None
    answer = decide(as_("admin"), unknown, outcome=outcome, reason="I looked.")
    assert answer["Location"] == f"/executions/{unknown.pk}/"
    unknown.refresh_from_db()
    assert (unknown.status, unknown.decided_by) == (status, admin)
    page = monitor(as_("admin"), unknown)
    assert f"{admin.username} {said}" in page
    assert "I looked." in page
    assert "/decide/" not in page


def test_run_again_leads_to_the_new_execution(as_: As, unknown: Execution) -> None:
    answer = decide(as_("admin"), unknown, outcome="RUN_AGAIN", reason="Nothing is there.")
    new = Execution.objects.get(retry_of=unknown)
    assert answer["Location"] == f"/executions/{new.pk}/"
    assert "decided to run it again," in monitor(as_("admin"), unknown)


@pytest.mark.parametrize(
    ("name", "status"), [("granted", 403), ("stranger", 403), ("helpdesk", 403), ("hr", 404)]
)
def test_who_may_not_decide_is_told_so_and_not_obeyed(
    as_: As, unknown: Execution, name: str, status: int
) -> None:
    client = as_(name)
    if status == 403:
        page = monitor(client, unknown)
        assert "Your role may not decide how it ended" in page
        assert "/decide/" not in page
    answer = decide(client, unknown, outcome="SUCCESS", reason="I looked.")
    assert answer.status_code == status
    unknown.refresh_from_db()
    assert unknown.status == Status.UNKNOWN


def test_a_manager_without_the_server_may_not_decide(as_: As, unknown: Execution) -> None:
    answer = decide(as_("manager"), unknown, outcome="SUCCESS", reason="I looked.")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"outcome": "FAILED", "reason": " "}, "Say why: what did you see on the server?"),
        ({"outcome": "", "reason": "I looked."}, "Say how it ended, or to run it again."),
        ({"outcome": "MAYBE", "reason": "I looked."}, "Choose one of the three answers."),
    ],
)
def test_half_an_answer_is_refused_and_kept(
    as_: As, unknown: Execution, sent: dict[str, str], said: str
) -> None:
    page = text_of(decide(as_("admin"), unknown, **sent), 422)
    assert said in page
    assert "<html" in page
    assert ("I looked." in page) is (sent["reason"] == "I looked.")
    part = text_of(decide(as_("admin"), unknown, **sent, headers=HTMX), 422).strip()
    assert part.startswith('<form id="decision_form"')
    assert ('value="FAILED" checked' in words(part)) is (sent["outcome"] == "FAILED")
    unknown.refresh_from_db()
    assert unknown.status == Status.UNKNOWN


def test_in_production_running_again_wants_its_name_and_the_truth_does_not(
    as_: As, unknown: Execution
) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    page = text_of(decide(as_("admin"), unknown, outcome="RUN_AGAIN", reason="I looked."), 422)
    assert f"{unknown.server.name} is a production server: type its name" in page
    assert "I looked." in page
    assert decide(as_("admin"), unknown, outcome="FAILED", reason="I looked.").status_code == 302


def test_of_two_who_decide_the_second_is_told_who_was_first(
    as_: As, persona: Persona, unknown: Execution
) -> None:
    admin = persona("admin")
    assert admin is not None
    decisions.decide(
        actor=admin, execution=unknown, outcome=decisions.Decision.SUCCESS, reason="I looked."
    )
    for headers in ({}, HTMX):
        answer = decide(as_("admin"), unknown, outcome="FAILED", reason="I too.", headers=headers)
        assert f"{admin.username} decided already, that it succeeded." in text_of(answer, 422)
    unknown.refresh_from_db()
    assert unknown.status == Status.SUCCESS
