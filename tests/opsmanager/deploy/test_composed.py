"""What docker-compose.yml starts is an OpsManager: through TLS, with two webs and three workers."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.ssh.testing import Sshd
from servers.ssh.testing.openssh import SSHD
from tests.opsmanager.deploy import files
from tests.opsmanager.deploy.composed import Composed, composed
from tests.stack.client import Answer, Api
from tests.stack.servers import add_server, reached

pytestmark = [
    pytest.mark.xdist_group("alone"),
    pytest.mark.skipif(shutil.which("caddy") is None, reason="There is no Caddy on this machine."),
    pytest.mark.skipif(SSHD is None, reason="There is no sshd on this machine."),
]
EXECUTIONS = 24
PEOPLE = 4
PATIENCE = 120.0  # seconds, for a busy machine


def asked(admin: Api, server: dict[str, Any], key: str) -> Answer:
    body = {"runbookId": "HEALTH_CHECK", "serverId": server["id"]}
    return admin.post("automation/executions", body, Idempotency_Key=key)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    with composed(tmp_path_factory.mktemp("composed")) as found:
        yield found


@pytest.fixture(scope="module")
def server(started: Composed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    sshd = Sshd(tmp_path_factory.mktemp("sshd"))
    sshd.start()
    try:
        yield add_server(started.admin, "composed", **reached(sshd))
    finally:
        sshd.stop()


def test_an_execution_runs_and_its_log_can_be_read(
    started: Composed, server: dict[str, Any]
) -> None:
    admin = started.admin
    execution = admin.run("HEALTH_CHECK", server)
    assert execution["status"] == "SUCCESS", execution
    assert admin.logs(execution)


@pytest.mark.skipif(os.geteuid() != 0, reason="The backup asks for sudo where one is not root.")
def test_a_change_goes_from_its_rehearsal_to_its_rollback(
    started: Composed, server: dict[str, Any], tmp_path: Path
) -> None:
    admin, archives = started.admin, tmp_path / "archives"
    kept = tmp_path / "kept.conf"
    kept.write_text("precious\n")
    parameters = {"paths": [str(kept)], "destination": str(archives)}
    body = {"serverId": server["id"], "parameters": parameters}
    checked = admin.post("automation/runbooks/FILE_BACKUP/validate", body).expect(200)
    assert checked["valid"], checked

    rehearsed = admin.run("FILE_BACKUP", server, parameters=parameters, isDryRun=True)
    assert rehearsed["status"] == "SUCCESS", rehearsed
    assert not archives.exists()
    fields: dict[str, Any] = {"parameters": parameters, "dryRunId": rehearsed["id"]}
    done = admin.run("FILE_BACKUP", server, **fields, isDryRun=False)
    assert done["status"] == "SUCCESS", done
    assert len(list(archives.glob("*.tar.gz"))) == 1

    # What comes through the proxy as it happens ends with the execution.
    stream = admin.get(f"automation/executions/{done['id']}/logs/stream")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.text.count("event: log\n") == len(admin.logs(done))
    assert "event: end\n" in stream.text

    kept.write_text("spoilt\n")
    path = f"automation/executions/{done['id']}/rollback"
    assert admin.get(path).expect(200)["rollback"]["possible"]
    admin.post(path, {"reason": "it was only tried"}).expect(200)
    deadline = time.monotonic() + PATIENCE
    while (undone := admin.finished(done["id"]))["rollbackStatus"] in ("PENDING", "RUNNING"):
        assert time.monotonic() < deadline, undone
        time.sleep(0.2)
    assert (undone["status"], undone["rollbackStatus"]) == ("ROLLED_BACK", "SUCCESS"), undone
    assert kept.read_text() == "precious\n"
    again = admin.launch("FILE_BACKUP", server, parameters={}, isDryRun=True)
    assert again.error == (400, "VALIDATION")


@pytest.mark.parametrize("kind", ["worker", "beat"])
def test_the_health_checks_find_what_runs(started: Composed, kind: str) -> None:
    service = files.compose()["services"][kind]
    _, _, *words = service["healthcheck"]["test"]
    ended = subprocess.run(
        [sys.executable, *words],
        env=started.variables(kind),
        cwd=files.PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr


def test_a_web_and_a_worker_are_killed_while_people_work(
    started: Composed, server: dict[str, Any]
) -> None:
    admin = started.admin
    admin.token()  # a login is not asked for again by a key
    launched: list[str] = []

    def launch(person: int) -> None:
        for number in range(EXECUTIONS // PEOPLE):
            key, deadline = f"{person}-{number}", time.monotonic() + PATIENCE
            # Whatever a web was doing when it was killed is asked for again, by the same key.
            while True:
                answer = asked(admin, server, key)
                if answer.status < 500:
                    break
                assert time.monotonic() < deadline, answer
            launched.append(answer.expect(201)["execution"]["id"])

    people = [threading.Thread(target=launch, args=[person]) for person in range(PEOPLE)]
    for each in people:
        each.start()
    started.running["web-1"].kill()
    started.running["worker-1"].kill()
    for each in people:
        each.join()
    started.start("worker")

    assert len(set(launched)) == EXECUTIONS
    ended = [admin.finished(each) for each in launched]
    assert {each["status"] for each in ended} == {"SUCCESS"}, ended
    total = admin.get("automation/executions?runbookId=HEALTH_CHECK").expect(200)["total"]
    assert total <= EXECUTIONS + 1  # that of the other test


def test_only_what_opens_credentials_is_given_the_keys_for_that(started: Composed) -> None:
    having = [
        name
        for name in ("web", "worker", "worker-high", "worker-notify", "beat")
        if "OPSMANAGER_CREDENTIAL_PRIVATE_KEYS_FILE" in started.variables(name)
    ]
    assert having == ["worker", "worker-high", "worker-notify"]
