"""The plan: each process gets exactly the secrets that it needs."""

from dataclasses import replace
from pathlib import Path

import pytest

from opsmanager.embedded import postgres, redis, supervisor
from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.plan import WEB_THREADS, Plan
from opsmanager.embedded.process import Program
from opsmanager.embedded.secrets import ADMIN_PASSWORD, PRIVATE_KEYS, SECRET_KEY, Secrets

ENVIRON = {
    "PATH": "/usr/bin",
    "COLOUR": "blue",
    "DATABASE_URL_FILE": "/keys/database",
    ADMIN_PASSWORD: "correct horse",
    PRIVATE_KEYS: "the private key",
    "OPSMANAGER_CREDENTIAL_PUBLIC_KEY": "the public key",
    "OPSMANAGER_JWT_PRIVATE_KEY": "the token key",
    SECRET_KEY: "the session key",
}
SERVICES = {
    "DATABASE_URL": "postgresql://u:p@h/d",
    "DATABASE_OWNER_URL": "postgresql://owner:p@h/d",
    "REDIS_URL": "redis://h/0",
}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(
        project=tmp_path,
        data=DataDir(path=tmp_path / "data"),
        secrets=Secrets(folder=tmp_path / "secrets", environ=ENVIRON),
        environ=ENVIRON,
        services=SERVICES,
        host="0.0.0.0",
        port=8000,
    )


def _named(plan: Plan, name: str) -> Program:
    return next(program for program in plan.application() if program.name == name)


@pytest.mark.parametrize("name", ["web", "beat"])
def test_web_and_beat_have_no_private_credential_key(plan: Plan, name: str) -> None:
    environment = _named(plan, name).environment
    assert "the private key" not in environment.values()
    assert not any(PRIVATE_KEYS in variable for variable in environment)
    assert environment["DATABASE_URL"] == SERVICES["DATABASE_URL"]


@pytest.mark.parametrize("name", ["worker", "worker-high"])
def test_workers_open_credentials_and_sign_no_token(plan: Plan, name: str) -> None:
    environment = _named(plan, name).environment
    assert environment[PRIVATE_KEYS] == "the private key"
    assert "the token key" not in environment.values()


def test_only_the_command_that_makes_the_user_sees_the_password(plan: Plan) -> None:
    programs = [*plan.application(), plan.demo(), plan.migrate(), plan.seed_demo()]
    assert plan.ensure_admin().environment[ADMIN_PASSWORD] == "correct horse"
    assert not any("correct horse" in program.environment.values() for program in programs)


def test_only_the_migration_is_told_who_owns_the_tables(plan: Plan) -> None:
    programs = [*plan.application(), plan.demo(), plan.ensure_admin(), plan.seed_demo()]
    owner = SERVICES["DATABASE_OWNER_URL"]
    assert plan.migrate().environment["DATABASE_OWNER_URL"] == owner
    assert not any(owner in program.environment.values() for program in programs)
    assert owner not in plan.common_environment().values()


def test_demo_servers_see_nothing_of_opsmanager(plan: Plan) -> None:
    assert set(plan.demo().environment) == {"PATH", "PYTHONUNBUFFERED"}


def test_a_service_that_was_named_by_file_is_named_once(plan: Plan) -> None:
    environment = plan.migrate().environment
    assert "DATABASE_URL_FILE" not in environment
    assert environment["COLOUR"] == "blue"


def test_the_address_is_one_that_a_browser_can_open(plan: Plan) -> None:
    assert plan.address == "http://127.0.0.1:8000"
    assert plan.migrate().environment["OPSMANAGER_PUBLIC_URL"] == "http://127.0.0.1:8000"


def test_the_high_worker_serves_what_must_not_wait(plan: Plan) -> None:
    command = _named(plan, "worker-high").command
    assert command[command.index("-Q") + 1] == "schedules,automation.high,incidents"


@pytest.mark.parametrize(("places", "more"), [(None, 16), ("", 16), ("40", 40), ("0", 0), ("x", 0)])
def test_web_has_a_thread_for_each_stream_beside_those_of_ordinary_requests(
    plan: Plan, places: str | None, more: int
) -> None:
    environ = ENVIRON if places is None else {**ENVIRON, "OPSMANAGER_LIVE_PLACES": places}
    command = _named(replace(plan, environ=environ), "web").command
    assert int(command[command.index("--blocking-threads") + 1]) == WEB_THREADS + more


def test_everything_is_down_10_seconds_after_ctrl_c_even_when_all_of_it_is_stubborn(
    plan: Plan,
) -> None:
    application = max(program.patience for program in plan.application())
    layers = [application, plan.demo().patience, redis.STOP_PATIENCE, postgres.STOP_PATIENCE]
    assert sum(layers) + len(layers) * supervisor.KILL_PATIENCE < 10


def test_a_representation_tells_no_secret(plan: Plan) -> None:
    assert "postgresql://u:p" not in repr(plan)
    assert "postgresql://u:p" not in repr(plan.migrate())


@pytest.mark.parametrize(("demo", "opened"), [("1", True), ("", True), ("0", False), ("No", False)])
def test_servers_on_this_machine_are_opened_for_the_demo_alone(
    plan: Plan, demo: str, opened: bool
) -> None:
    environment = replace(plan, environ={**ENVIRON, "DEMO": demo}).common_environment()
    name = "OPSMANAGER_SERVER_ALLOWED_NETWORKS"
    assert environment.get(name) == ("127.0.0.0/8,::1" if opened else None)
