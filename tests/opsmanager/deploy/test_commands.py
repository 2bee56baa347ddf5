"""Compose, systemd and Kubernetes start what `make run` starts, each with the secrets it needs."""

import json
import re
import shlex
from pathlib import Path

import pytest

from opsmanager.embedded.plan import LIVE_PLACES
from opsmanager.embedded.secrets import Secrets
from tests.opsmanager.deploy import files
from tests.opsmanager.deploy.files import NAMES

ALL_SERVICES = {"DATABASE_URL", "REDIS_URL"}


@pytest.fixture
def planned(tmp_path: Path) -> dict[str, list[str]]:
    return files.planned(tmp_path)


def composed(name: str) -> list[str]:
    command = files.compose()["services"][name].get("command")
    if command is None:
        # Web is what the image does by itself.
        (command,) = [json.loads(rest) for word, rest in files.dockerfile() if word == "CMD"]
    words: list[str] = command
    return words


def of_systemd(name: str) -> list[str]:
    (command,) = files.unit(name)["ExecStart"]
    return shlex.split(command.replace("%%", "%"))


def of_kubernetes(name: str) -> list[str]:
    (container,) = files.pods()[name]["containers"]
    words: list[str] = container["command"]
    return words


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("said", [composed, of_systemd, of_kubernetes])
def test_each_program_is_started_as_by_make_run(
    planned: dict[str, list[str]], name: str, said: object
) -> None:
    assert callable(said)
    assert files.plain(said(name)) == planned[name]


@pytest.mark.parametrize("said", [composed, of_systemd, of_kubernetes])
def test_web_has_threads_for_its_streams_and_some_beside(said: object) -> None:
    assert callable(said)
    words = said("web")
    assert int(words[words.index("--blocking-threads") + 1]) > int(LIVE_PLACES)


def of_plan(name: str, folder: Path) -> set[str]:
    secrets = Secrets(folder=folder, environ={})
    given = {"web": secrets.for_web, "beat": secrets.for_beat}.get(name, secrets.for_worker)()
    return {each.removesuffix("_FILE") for each in given} | ALL_SERVICES


def secrets_in(variables: dict[str, str]) -> set[str]:
    """Return the settings that are given as files, each under its own name in small letters."""
    found = {name: value for name, value in variables.items() if name.endswith("_FILE")}
    for name, value in found.items():
        assert value.rpartition("/")[2] == name.removesuffix("_FILE").lower()
    return {name.removesuffix("_FILE") for name in found}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_given_the_secrets_that_make_run_gives_it(name: str, tmp_path: Path) -> None:
    wanted = of_plan(name, tmp_path) | ({"OPSMANAGER_METRICS_TOKEN"} if name == "web" else set())
    service = files.compose()["services"][name]
    assert secrets_in(service["environment"]) == wanted
    assert set(service["secrets"]) == {each.lower() for each in wanted}

    lines = files.unit(name)
    variables = dict(re.findall(r"(\w+)=(\S+)", " ".join(lines["Environment"])))
    assert secrets_in(variables) == wanted
    loaded = {line.partition(":")[0] for line in lines["LoadCredential"]}
    assert loaded == {each.lower() for each in wanted}

    pod = files.pods()[name]
    (container,) = pod["containers"]
    own = {each["name"]: each["value"] for each in container.get("env", [])}
    assert secrets_in(own) | ALL_SERVICES | {"SECRET_KEY"} == wanted
    (volume,) = [each["secret"] for each in pod["volumes"] if "secret" in each]
    assert {each["key"] for each in volume["items"]} == {each.lower() for each in wanted}


def test_only_what_migrates_is_given_the_owner_of_the_tables() -> None:
    services = files.compose()["services"]
    having = [
        name for name, each in services.items() if "database_owner_url" in each.get("secrets", [])
    ]
    assert having == ["migrate"]
    assert "DATABASE_OWNER_URL_FILE" in services["migrate"]["environment"]


def test_workers_are_given_the_time_that_their_runbooks_may_take() -> None:
    services = files.compose()["services"]
    assert {services[name]["stop_grace_period"] for name in ("worker", "worker-high")} == {"1h"}
    assert files.unit("worker")["TimeoutStopSec"] == ["3600"]
    assert files.pods()["worker"]["terminationGracePeriodSeconds"] == 3600
