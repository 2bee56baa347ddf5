"""What was asked for by somebody who may no longer have it is not begun."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from automation.engine.results import ErrorCode, Status
from automation.models import Execution, ExecutionLog, Trigger
from automation.runner.process import WorkerProcess
from automation.services.executions import Launch, launch
from automation.services.rollbacks import roll_back
from opsmanager.accounts import api_tokens, permissions, roles
from opsmanager.accounts.models import ApiToken, User
from servers.models import Server
from tests.automation import makers
from tests.support.api_tokens import by_token

pytestmark = pytest.mark.usefixtures("committed")

Change = Callable[[User, Server], object]

LOST: dict[str, Change] = {
    "the grant of the server": lambda user, server: permissions.withdraw(
        user, roles.OPERATE_SERVERS, server
    ),
    "the role": lambda user, _server: user.groups.clear(),
    "a higher role": lambda user, _server: user.groups.set([Group.objects.get(name="HELPDESK")]),
    "the login": lambda user, _server: User.objects.filter(pk=user.pk).update(is_active=False),
    "the account": lambda user, _server: user.delete(),
}


def asked(user: User, server: Server, path: Path) -> Execution:
    return launch(
        Launch(
            actor=user,
            runbook=makers.entry(cooldown_minutes=0),
            server=server,
            parameters={"path": str(path)},
        )
    )


def ended(worker: WorkerProcess, execution: Execution) -> Execution:
    worker.run(execution.pk)
    return Execution.objects.get(pk=execution.pk)


@pytest.mark.parametrize("lost", LOST)
def test_nothing_is_sent_for_a_user_who_lost(
    lost: str, worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    user = makers.user("MANAGER", operates=server)
    execution = asked(user, server, tmp_path / "made")
    LOST[lost](user, server)
    after = ended(worker, execution)
    assert (after.status, after.error_code) == (Status.FAILED, ErrorCode.VALIDATION)
    assert "nothing was sent" in after.error_message
    assert not ExecutionLog.objects.filter(execution=execution).exists()
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("lost", LOST)
def test_nothing_is_taken_back_for_a_user_who_lost(
    lost: str, worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    made = ended(worker, asked(makers.admin(), server, tmp_path / "made"))
    user = makers.user("MANAGER", operates=server)
    roll_back(actor=user, execution=made)
    LOST[lost](user, server)
    after = ended(worker, made)
    assert (after.status, after.rollback_status) == (Status.SUCCESS, Status.FAILED)
    assert "nothing was sent" in after.rollback_message
    assert (tmp_path / "made").exists()


def test_a_right_that_came_back_is_enough(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    user = makers.user("NOC", operates=server)
    execution = asked(user, server, tmp_path / "made")
    permissions.withdraw(user, roles.OPERATE_SERVERS, server)
    permissions.grant(user, roles.OPERATE_SERVERS, server)
    assert ended(worker, execution).status == Status.SUCCESS


@pytest.mark.parametrize("lost", LOST)
def test_what_a_rule_started_needs_what_its_owner_may(
    lost: str, worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    owner = makers.user("NOC", operates=server)
    execution = makers.execution(
        server=server,
        triggered_by=Trigger.INCIDENT,
        on_behalf_of=owner,
        parameters={"path": str(tmp_path / "made")},
    )
    LOST[lost](owner, server)
    after = ended(worker, execution)
    assert (after.status, after.error_code) == (Status.FAILED, ErrorCode.VALIDATION)
    assert not (tmp_path / "made").exists()


def test_what_a_rule_started_runs_for_an_owner_who_may(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    execution = makers.execution(
        server=server,
        triggered_by=Trigger.INCIDENT,
        parameters={"path": str(tmp_path / "made")},
    )
    assert ended(worker, execution).status == Status.SUCCESS


def test_what_was_half_done_is_gone_on_with_all_the_same(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    user = makers.user("NOC", operates=server)
    execution = asked(user, server, tmp_path / "made")
    Execution.objects.filter(pk=execution.pk).update(resumes=True, attempt=1)
    permissions.withdraw(user, roles.OPERATE_SERVERS, server)
    assert ended(worker, execution).status == Status.SUCCESS


TOKEN_LOST: dict[str, Callable[[ApiToken, Server], object]] = {
    "itself, revoked": lambda token, _server: api_tokens.revoke(token, by=None),
    "itself, expired": lambda token, _server: ApiToken.objects.update(expires_at=timezone.now()),
    "itself, deleted": lambda token, _server: token.delete(),
    "the server": lambda token, _server: ApiToken.objects.update(server_ids=[]),
    "the permission": lambda token, _server: ApiToken.objects.update(
        permissions=[roles.OPERATE_SERVERS]
    ),
    "its user's role": lambda token, _server: token.user.groups.clear(),
}


def by_new_token(server: Server) -> User:
    return by_token(makers.user("MANAGER", operates=server), server_ids=[server.pk])


@pytest.mark.parametrize("lost", TOKEN_LOST)
def test_nothing_is_sent_for_a_token_that_lost(
    lost: str, worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    by = by_new_token(server)
    execution = asked(by, server, tmp_path / "made")
    TOKEN_LOST[lost](by.token, server)
    after = ended(worker, execution)
    assert (after.status, after.error_code) == (Status.FAILED, ErrorCode.VALIDATION)
    assert "nothing was sent" in after.error_message
    assert not ExecutionLog.objects.filter(execution=execution).exists()
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("lost", TOKEN_LOST)
def test_nothing_is_taken_back_for_a_token_that_lost(
    lost: str, worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    made = ended(worker, asked(makers.admin(), server, tmp_path / "made"))
    by = by_new_token(server)
    roll_back(actor=by, execution=made)
    TOKEN_LOST[lost](by.token, server)
    after = ended(worker, made)
    assert (after.status, after.rollback_status) == (Status.SUCCESS, Status.FAILED)
    assert "nothing was sent" in after.rollback_message
    assert (tmp_path / "made").exists()


def test_a_token_that_is_good_still_is_enough(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    by = by_new_token(server)
    after = ended(worker, asked(by, server, tmp_path / "made"))
    assert after.status == Status.SUCCESS
    assert after.api_token_name == "ci bot"
    roll_back(actor=by, execution=after)
    assert ended(worker, after).status == Status.ROLLED_BACK
