from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Execution
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.web.test_runbooks import text_of

As = Callable[[str], Client]
Persona = Callable[[str], User | None]
BUTTON = "/retry/"


@pytest.fixture
def failed(server: Server) -> Execution:
    return makers.execution(
        server=server,
        status=Status.FAILED,
        error_code="CONNECTION",
        parameters={"path": "/tmp/again"},
        reason="It is down.",
    )


@pytest.fixture
def manager(persona: Persona, as_: As, server: Server) -> Client:
    """A manager who may operate the server."""
    permissions.grant(persona("manager"), roles.OPERATE_SERVERS, server)
    return as_("manager")


def again(client: Client, execution: Execution, **sent: str) -> Any:
    monitor = f"/executions/{execution.pk}/"
    return client.post(f"{monitor}retry/", sent, headers={"referer": monitor}, follow=True)


def test_it_is_run_again_with_the_same_parameters(manager: Client, failed: Execution) -> None:
    answer = again(manager, failed)
    new = Execution.objects.get(retry_of=failed)
    assert answer.redirect_chain == [(f"/executions/{new.pk}/", 302)]
    for name in ("runbook", "server", "parameters", "reason", "is_dry_run"):
        assert getattr(new, name) == getattr(failed, name)


def test_both_monitors_lead_to_one_another(manager: Client, failed: Execution) -> None:
    again(manager, failed)
    new = Execution.objects.get(retry_of=failed)
    assert f"/executions/{new.pk}/" in text_of(manager.get(f"/executions/{failed.pk}/"))
    assert f"/executions/{failed.pk}/" in text_of(manager.get(f"/executions/{new.pk}/"))


@pytest.mark.parametrize(
    ("name", "status"),
    [("granted", 403), ("stranger", 403), ("helpdesk", 403), ("hr", 404)],
)
def test_who_may_not_retry_is_neither_offered_nor_obeyed(
    as_: As, failed: Execution, name: str, status: int
) -> None:
    client = as_(name)
    if status == 403:
        assert BUTTON not in text_of(client.get(f"/executions/{failed.pk}/"))
    assert again(client, failed).status_code == status
    assert Execution.objects.count() == 1


def test_a_manager_without_the_server_may_not_run_there(as_: As, failed: Execution) -> None:
    assert again(as_("manager"), failed).status_code == 403
    assert Execution.objects.count() == 1


@pytest.mark.parametrize(("typed", "runs"), [("", False), ("web", False), (" NAME ", True)])
def test_in_production_its_name_is_typed(
    as_: As, failed: Execution, typed: str, runs: bool
) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    assert 'name="confirm_server"' in text_of(as_("admin").get(f"/executions/{failed.pk}/"))
    answer = again(as_("admin"), failed, confirm_server=typed.replace("NAME", failed.server.name))
    assert Execution.objects.filter(retry_of=failed).exists() is runs
    said = f"{failed.server.name} is a production server: type its name to run this there."
    assert (said in text_of(answer)) is not runs


def test_a_dry_run_is_repeated_in_production_without_a_name(as_: As, server: Server) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    dry = makers.execution(server=server, status=Status.FAILED, is_dry_run=True)
    page = text_of(as_("admin").get(f"/executions/{dry.pk}/"))
    assert BUTTON in page
    assert 'name="confirm_server"' not in page
    again(as_("admin"), dry)
    assert Execution.objects.get(retry_of=dry).is_dry_run


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.UNKNOWN])
def test_what_has_not_ended_or_is_unknown_is_not_run_again(
    as_: As, server: Server, status: Status
) -> None:
    execution = makers.execution(server=server, status=status)
    assert BUTTON not in text_of(as_("admin").get(f"/executions/{execution.pk}/"))
    again(as_("admin"), execution)
    assert Execution.objects.count() == 1


def test_a_cooldown_is_told_on_the_monitor(as_: As, server: Server) -> None:
    done = makers.execution(server=server, status=Status.SUCCESS)
    assert f"ran on {server.name} a short time ago" in text_of(again(as_("admin"), done))


def test_a_dangerous_runbook_asks_once_more(as_: As, server: Server) -> None:
    done = makers.execution("SAMPLE_DANGEROUS", server=server, status=Status.SUCCESS)
    page = text_of(as_("admin").get(f"/executions/{done.pk}/"))
    assert "is marked dangerous. Run it again on" in page


def test_an_exact_run_and_its_dry_run_lead_to_one_another(as_: As, server: Server) -> None:
    dry = makers.execution(server=server, status=Status.SUCCESS, is_dry_run=True)
    real = makers.execution(server=server, status=Status.SUCCESS, dry_run=dry)
    assert f"/executions/{real.pk}/" in text_of(as_("helpdesk").get(f"/executions/{dry.pk}/"))
    assert f"/executions/{dry.pk}/" in text_of(as_("helpdesk").get(f"/executions/{real.pk}/"))


def test_what_was_not_as_in_the_dry_run_is_said(as_: As, server: Server) -> None:
    real = makers.execution(server=server, status=Status.SUCCESS, warnings=["<It> has changed."])
    page = text_of(as_("helpdesk").get(f"/executions/{real.pk}/"))
    assert "Not as in the dry run" in page
    assert "&lt;It&gt; has changed." in page
