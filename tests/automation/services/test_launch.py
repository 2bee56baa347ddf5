import re
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from automation.engine.results import Status
from automation.models import CatalogEntry, Execution, Priority
from automation.services.executions import Launch, launch
from opsmanager.accounts import permissions
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import (
    ConfirmationNeeded,
    CoolingDown,
    Invalid,
    InvalidState,
    KeyReused,
    NotFound,
    NotPermitted,
    Problem,
)
from servers.models import Environment, Platform, Server, ServerGroup
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def asked(runbook: str = "SAMPLE_MENDING", **fields: Any) -> Launch:
    server = fields.pop("server", None) or makers.server()
    values = {
        "runbook": makers.entry(runbook),
        "server": server,
        "actor": fields.pop("actor", None) or makers.user(operates=server),
        "parameters": {"path": "/tmp/x"} if runbook == "SAMPLE_MENDING" else {},
        **fields,
    }
    return Launch(**values)


def refused(kind: type[Problem], launching: Launch) -> Problem:
    before = Execution.objects.count()
    with pytest.raises(kind) as caught:
        launch(launching)
    assert type(caught.value) is kind
    assert Execution.objects.count() == before
    return caught.value


def test_a_launch_stores_what_was_asked_for_and_who_asked() -> None:
    asking = asked(reason="It is down.", priority=Priority.HIGH)

    execution = launch(asking)

    execution.refresh_from_db()
    assert execution.status == Status.PENDING
    assert execution.triggered_by_user == asking.actor
    assert execution.triggered_by == "MANUAL"
    assert execution.parameters == {"path": "/tmp/x"}
    assert execution.priority == Priority.HIGH
    assert execution.changes
    assert execution.step_titles == ["Make the file"]
    assert execution.total_steps == 1
    assert execution.timeout_seconds == 300
    assert execution.reason == "It is down."
    assert execution.attempt == 0
    assert str(execution) == f"SAMPLE_MENDING on {asking.server.name}"


def test_no_execution_may_last_longer_than_the_setting_says(settings: Settings) -> None:
    settings.AUTOMATION_MAX_EXECUTION_TIME = 120
    assert launch(asked()).timeout_seconds == 120


def test_a_launch_is_audited_with_its_parameters() -> None:
    asking = asked(reason="It is down.")

    execution = launch(asking)

    event = makers.last_event("AUTOMATION_EXECUTION_STARTED")
    assert event.actor_name == asking.actor.username
    assert event.target_id == str(execution.pk)
    assert event.outcome == "OK"
    assert event.message == "It is down."
    assert event.details == {
        "runbook": "SAMPLE_MENDING",
        "server": asking.server.name,
        "parameters": {"path": "/tmp/x"},
        "isDryRun": False,
        "forced": False,
        "retryOf": None,
        "batch": None,
    }


def test_a_dry_run_is_repeated_exactly() -> None:
    asking = asked()
    dry = makers.execution(server=asking.server, is_dry_run=True, status=Status.SUCCESS)
    assert launch(replace(asking, dry_run=dry)).dry_run == dry


@pytest.mark.parametrize(
    "fields",
    [
        {"is_dry_run": False},
        {"status": Status.FAILED},
        {"parameters": {"path": "/tmp/other"}},
        {"server": None},
        {"runbook": "SAMPLE_SCRIPTED"},
    ],
)
def test_only_the_very_dry_run_is_repeated_exactly(fields: dict[str, Any]) -> None:
    asking = asked()
    values = {
        "server": asking.server,
        "is_dry_run": True,
        "status": Status.SUCCESS,
        "age_minutes": 60,
        **fields,
    }
    values["server"] = values["server"] or makers.server()
    dry = makers.execution(**values)
    with pytest.raises(Problem, match=r"can be run exactly|was of something else"):
        launch(replace(asking, dry_run=dry))


@pytest.mark.parametrize("role", ["HELPDESK", "HR", "FINANCE"])
def test_a_role_that_only_looks_may_run_nothing_even_where_it_was_granted(role: str) -> None:
    server = makers.server()
    problem = refused(NotPermitted, asked(actor=makers.user(role, operates=server), server=server))
    assert "Your role may not run runbooks" in problem.message


@pytest.mark.parametrize("role", ["NOC", "MANAGER"])
def test_a_server_has_to_be_granted(role: str) -> None:
    server = makers.server()
    actor = makers.user(role)
    problem = refused(NotPermitted, asked(actor=actor, server=server))
    assert problem.message == (
        f"You may not run runbooks on {server.name}. An administrator can grant you this server, "
        "or one of its groups."
    )
    event = makers.last_event("AUTOMATION_EXECUTION_REFUSED")
    assert (event.outcome, event.actor_name) == ("REFUSED", actor.username)
    assert event.message == problem.message
    assert event.details == {"server": server.name}


def test_a_grant_on_a_group_of_the_server_is_enough() -> None:
    server = makers.server()
    group = ServerGroup.objects.create(name="web")
    server.groups.add(group)
    actor = makers.user("NOC")
    permissions.grant(actor, "servers.operate_servergroup", group)

    assert launch(asked(actor=actor, server=server)).pk


@pytest.mark.parametrize("role", ["ADMIN", "SUPER_ADMIN"])
def test_administrators_need_no_grant(role: str) -> None:
    assert launch(asked(actor=makers.user(role))).pk


def test_a_user_who_was_switched_off_may_run_nothing() -> None:
    refused(NotPermitted, asked(actor=makers.admin(is_active=False)))


def test_a_runbook_may_want_a_permission_of_its_own() -> None:
    server = makers.server()
    problem = refused(NotPermitted, asked("SAMPLE_GUARDED", server=server))
    assert "also needs the permission automation.rollback_execution" in problem.message
    manager = makers.user("MANAGER", operates=server)
    assert launch(asked("SAMPLE_GUARDED", actor=manager, server=server)).pk


def test_an_inactive_runbook_is_refused() -> None:
    makers.entry("SAMPLE_MENDING", is_active=False)
    problem = refused(InvalidState, asked())
    assert problem.code == "RUNBOOK_INACTIVE"
    assert problem.message.startswith("Mend a file is switched off.")


def test_an_inactive_server_is_refused() -> None:
    server = makers.server(is_active=False)
    problem = refused(InvalidState, asked(server=server))
    assert problem.code == "SERVER_INACTIVE"
    assert server.name in problem.message


def test_a_server_of_another_platform_is_refused() -> None:
    server = makers.server(platform=Platform.WINDOWS)
    problem = refused(Invalid, asked(server=server))
    assert problem.code == "PLATFORM_MISMATCH"
    assert problem.message == f"Mend a file is for LINUX; {server.name} is WINDOWS."


def test_a_runbook_whose_code_is_gone_is_refused() -> None:
    CatalogEntry.objects.create(runbook_id="GONE", title="Gone", platforms=["LINUX"])
    problem = refused(NotFound, asked("GONE"))
    assert problem.message.startswith("The runbook GONE is not in the code that runs now.")
    assert "Deploy the package that holds it" in problem.message


@pytest.mark.parametrize(
    ("runbook", "given", "name", "sentence"),
    [
        ("SAMPLE_MENDING", {}, "path", "required"),
        ("SAMPLE_MENDING", {"path": "a\nb"}, "path", "single line"),
        ("SAMPLE_MENDING", {"path": "/x", "colour": 1}, "colour", "no such parameter"),
        ("SERVICE_RESTART", {"serviceName": "nginx; rm -rf /"}, "serviceName", "unit"),
        ("SAMPLE_EVERY_KIND", {"count": 9}, "count", "5"),
        ("SAMPLE_EVERY_KIND", {"manner": "loud"}, "manner", "soft"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(
    runbook: str, given: dict[str, Any], name: str, sentence: str
) -> None:
    problem = refused(Invalid, asked(runbook, parameters=given))
    assert list(problem.details) == [name]
    assert sentence in " ".join(problem.details[name])
    assert problem.code == "VALIDATION"


def test_a_production_server_wants_a_confirmation() -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    problem = refused(ConfirmationNeeded, asked(server=server))
    assert problem.code == "CONFIRMATION_REQUIRED"
    assert problem.details == {"confirm": [f"{server.name} is a production server."]}
    assert launch(asked(server=server, is_confirmed=True)).pk


def test_a_dangerous_runbook_on_a_production_server_says_both_reasons() -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    problem = refused(ConfirmationNeeded, asked("SAMPLE_DANGEROUS", server=server))
    assert problem.details["confirm"] == [
        "Do something dangerous is dangerous.",
        f"{server.name} is a production server.",
    ]


def test_a_dry_run_needs_no_confirmation() -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    execution = launch(asked("SAMPLE_DANGEROUS", server=server, is_dry_run=True))
    assert execution.is_dry_run


def test_a_second_run_within_the_cooldown_is_refused_and_says_how_long_to_wait() -> None:
    first = asked()
    launch(first)

    problem = refused(CoolingDown, first)

    assert (problem.status, problem.code) == (429, "RATE_LIMIT_EXCEEDED")
    assert problem.retry_after is not None
    assert 500 < problem.retry_after <= 600
    assert problem.details == {"retryAfterSeconds": problem.retry_after, "cooldownMinutes": 10}
    assert re.search(r"in (9 min \d+|10 min 0) s\.$", problem.message)
    event = makers.last_event("AUTOMATION_RATE_LIMIT_EXCEEDED")
    assert event.outcome == "REFUSED"
    assert event.target_name == "SAMPLE_MENDING"


def test_a_cooldown_holds_for_one_runbook_on_one_server() -> None:
    server = makers.server()
    launch(asked(server=server))
    assert launch(asked("SAMPLE_SCRIPTED", server=server)).pk
    assert launch(asked()).pk


def test_a_dry_run_passes_over_a_cooldown_and_starts_none() -> None:
    server = makers.server()
    launch(asked(server=server, is_dry_run=True))
    launch(asked(server=server))
    assert launch(asked(server=server, is_dry_run=True)).pk


def test_a_cooldown_of_0_is_none() -> None:
    server = makers.server()
    makers.entry("SAMPLE_MENDING", cooldown_minutes=0)
    launch(asked(server=server))
    assert launch(asked(server=server)).pk


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"status": Status.FAILED, "error_code": "CONNECTION"}, False),
        ({"status": Status.FAILED, "error_code": "AUTHENTICATION"}, False),
        ({"status": Status.FAILED, "error_code": "HOST_KEY"}, False),
        ({"status": Status.FAILED, "error_code": "VALIDATION"}, False),
        ({"status": Status.FAILED, "error_code": "COMMAND_FAILED"}, True),
        ({"status": Status.CANCELLED}, False),
        ({"status": Status.CANCELLED, "started_at": "2026-01-01T00:00:00Z"}, True),
        ({"status": Status.UNKNOWN, "error_code": "WORKER_LOST"}, True),
        ({"status": Status.SUCCESS}, True),
        ({"status": Status.RUNNING}, True),
        ({"status": Status.PENDING}, True),
        ({"status": Status.SUCCESS, "age_minutes": 11}, False),
    ],
)
def test_what_did_not_reach_the_server_starts_no_cooldown(
    fields: dict[str, Any], counts: bool
) -> None:
    server = makers.server()
    makers.execution(server=server, **fields)
    if counts:
        refused(CoolingDown, asked(server=server))
    else:
        assert launch(asked(server=server)).pk


def test_an_administrator_may_pass_over_a_cooldown_with_a_reason() -> None:
    server, admin = makers.server(), makers.admin()
    launch(asked(server=server))

    launch(asked(server=server, actor=admin, is_forced=True, reason="The shop is down."))

    event = makers.last_event("AUTOMATION_EXECUTION_STARTED")
    assert event.details["forced"]
    assert event.message == "The shop is down."


def test_passing_over_a_cooldown_wants_a_reason() -> None:
    problem = refused(Invalid, asked(actor=makers.admin(), is_forced=True, reason=" "))
    assert list(problem.details) == ["reason"]


@pytest.mark.parametrize("role", ["NOC", "MANAGER"])
def test_only_administrators_may_pass_over_a_cooldown(role: str) -> None:
    server = makers.server()
    actor = makers.user(role, operates=server)
    problem = refused(
        NotPermitted, asked(server=server, actor=actor, is_forced=True, reason="I am in a hurry.")
    )
    assert problem.message.startswith("Only administrators may pass over a cooldown.")


def test_the_same_idempotency_key_gives_the_same_execution() -> None:
    asking = asked(idempotency_key="abc")
    first = launch(asking)
    assert launch(asking).pk == first.pk
    assert Execution.objects.count() == 1
    assert AuditEvent.objects.filter(verb="AUTOMATION_EXECUTION_STARTED").count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"parameters": {"path": "/tmp/y"}},
        {"is_dry_run": True},
        {"priority": Priority.LOW},
        {"reason": "Another one."},
    ],
)
def test_the_same_idempotency_key_for_something_else_is_refused(other: dict[str, Any]) -> None:
    server, actor = makers.server(), makers.admin()
    launch(asked(server=server, actor=actor, idempotency_key="abc"))
    problem = refused(KeyReused, asked(server=server, actor=actor, idempotency_key="abc", **other))
    assert (problem.status, problem.code) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_an_idempotency_key_belongs_to_its_user() -> None:
    first = launch(asked(idempotency_key="abc"))
    assert launch(asked(idempotency_key="abc")).pk != first.pk


def test_a_refused_launch_does_not_use_up_its_idempotency_key() -> None:
    server, actor = makers.server(is_active=False), makers.admin()
    refused(InvalidState, asked(server=server, actor=actor, idempotency_key="abc"))
    Server.objects.update(is_active=True)
    server.refresh_from_db()
    assert launch(asked(server=server, actor=actor, idempotency_key="abc")).pk
