"""What can't be done is said in a plain sentence, with a code, and leaves nothing half-done.

Asked over the API and on the command line. What needs systemd or users without sudo is in
tests/servers/test_real_systemd.py.
"""

import getpass
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsmanager.embedded import port as ports
from servers.ssh.testing.requirement import require_sshd
from tests.servers.ssh.openssh import Sshd
from tests.stack.demo import Demo
from tests.stack.refusals import (
    assert_the_command_line_says,
    assert_the_execution_says,
    assert_the_log_has_no_stack_trace,
    switched_off,
    tried_again_once,
)
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")

HOSTILE = "nginx; rm -rf /"
AddServer = Callable[..., dict[str, Any]]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Sshd]:
    """Return an OpenSSH server that lets this user in with a key."""
    require_sshd()
    server = Sshd(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def add(stack: Stack, door: Sshd) -> AddServer:
    """Return a function that makes the OpenSSH server known; a test changes what it is about."""

    def add(name: str, **changes: Any) -> dict[str, Any]:
        fields = {
            "hostname": "127.0.0.1",
            "port": door.port,
            "username": getpass.getuser(),
            "private_key": door.private_key,
        }
        return stack.server(name, **{**fields, **changes})

    return add


@pytest.mark.sshd
def test_a_server_that_nobody_answers_for(stack: Stack, add: AddServer) -> None:
    server = add("nowhere", port=ports.free(), accepted=False)
    sentence = f"refused the connection: nothing listens on port {server['port']}"

    with tried_again_once(stack):
        execution = assert_the_execution_says(stack, server, "CONNECTION", sentence)
        assert execution["attempt"] == 2
        assert_the_command_line_says(stack, server, "CONNECTION", sentence)
    check = stack.api().post(f"servers/{server['id']}/check").expect(200)["check"]
    assert (check["reachable"], check["errorCode"]) == (False, "CONNECTION")
    assert sentence in check["message"]


@pytest.mark.sshd
def test_a_credential_that_the_server_does_not_know(
    stack: Stack, add: AddServer, door: Sshd
) -> None:
    server = add("stranger", private_key=door.make_key("stranger"))
    sentence = f"refused the login of {getpass.getuser()}"

    assert_the_execution_says(stack, server, "AUTHENTICATION", sentence)
    assert_the_command_line_says(stack, server, "AUTHENTICATION", sentence)


@pytest.mark.sshd
def test_a_host_key_that_nobody_accepted(stack: Stack, add: AddServer, door: Sshd) -> None:
    server = add("unknown", accepted=False)
    fingerprint = door.host_keys[0].fingerprint

    assert_the_execution_says(stack, server, "HOST_KEY", fingerprint)
    assert_the_command_line_says(stack, server, "HOST_KEY", fingerprint)
    assert "Accepted" not in door.log.read_text(), "it must stop before the login"


@pytest.mark.sshd
def test_a_host_key_that_has_changed(stack: Stack, add: AddServer, door: Sshd) -> None:
    server = add("changed")
    healthy = stack.api().run("HEALTH_CHECK", server)
    assert healthy["status"] == "SUCCESS"

    door.stop()
    door.host_key_files = [door.add_host_key("ed25519")]
    door.start()
    offered = door.host_keys[0].fingerprint

    assert_the_execution_says(stack, server, "HOST_KEY", offered)
    assert_the_command_line_says(stack, server, "HOST_KEY", offered)
    shown = stack.api().get(f"servers/{server['id']}/host-key").expect(200)["hostKey"]
    assert (shown["status"], shown["offered"]["fingerprint"]) == ("CHANGED", offered)

    stack.accept_host_key(server)
    assert stack.api().run("HEALTH_CHECK", server)["status"] == "SUCCESS"


@pytest.mark.sshd
def test_a_unit_name_that_is_a_command(stack: Stack, add: AddServer, door: Sshd) -> None:
    server = add("hostile")
    parameters = {"serviceName": HOSTILE}
    refused = stack.api().launch("SERVICE_RESTART", server, parameters=parameters)

    assert refused.error == (400, "VALIDATION")
    assert "is not the name of a systemd unit" in " ".join(refused.json["details"]["serviceName"])
    assert_nothing_was_launched(stack, server)
    said = stack.manage(
        "runbook", "run", "SERVICE_RESTART", server["name"], f"service_name={HOSTILE}"
    )
    assert said.returncode == 2
    assert "is not the name of a systemd unit" in said.stderr
    assert "Traceback" not in said.stderr
    assert_nothing_was_launched(stack, server)


@pytest.mark.sshd
def test_a_runbook_that_is_switched_off(stack: Stack, add: AddServer) -> None:
    server = add("inactive")
    with switched_off(stack, "HEALTH_CHECK"):
        refused = stack.api().launch("HEALTH_CHECK", server)
        said = stack.manage("runbook", "run", "HEALTH_CHECK", server["name"])

    assert refused.error == (400, "RUNBOOK_INACTIVE")
    assert "is switched off" in refused.json["message"]
    assert said.returncode == 2
    assert "is switched off" in said.stderr
    assert_nothing_was_launched(stack, server)


@pytest.mark.sshd
def test_a_server_that_the_user_may_not_operate(stack: Stack, add: AddServer) -> None:
    server = add("forbidden")
    noc = stack.user("NOC")
    refused = stack.api(noc).launch("HEALTH_CHECK", server)
    said = stack.manage("runbook", "run", "HEALTH_CHECK", server["name"], "--user", noc)

    assert refused.error == (403, "NOT_PERMITTED")
    assert f"You may not run runbooks on {server['name']}" in refused.json["message"]
    assert said.returncode == 2
    assert f"You may not run runbooks on {server['name']}" in said.stderr
    assert_nothing_was_launched(stack, server)

    stack.grant(noc, server)
    assert stack.api(noc).run("HEALTH_CHECK", server)["status"] == "SUCCESS"


def test_a_cooldown_that_is_not_over(stack: Stack, demo: Demo) -> None:
    parameters = {"serviceName": "mailer.service"}
    # Another test may have run it there: this one begins its own cooldown.
    forced = {"force": True, "reason": "A cooldown is to begin."}
    first = stack.api().run(
        "SERVICE_RESTART", demo.servers["app-1"], parameters=parameters, **forced
    )
    refused = stack.api().launch("SERVICE_RESTART", demo.servers["app-1"], parameters=parameters)

    assert first["status"] == "SUCCESS"
    assert refused.error == (429, "RATE_LIMIT_EXCEEDED")
    assert 0 < int(refused.headers["retry-after"]) <= 600


@pytest.mark.parametrize(
    ("runbook", "server", "sentence"),
    [
        ("NO_SUCH_RUNBOOK", "web-1", "NO_SUCH_RUNBOOK"),
        ("HEALTH_CHECK", "no-such-server", "There is no server no-such-server."),
    ],
)
def test_a_name_that_does_not_exist_on_the_command_line(
    stack: Stack, demo: Demo, runbook: str, server: str, sentence: str
) -> None:
    said = stack.manage("runbook", "run", runbook, server)

    assert said.returncode == 2
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr


def test_nothing_of_all_this_left_a_stack_trace(stack: Stack) -> None:
    assert_the_log_has_no_stack_trace(stack)


def assert_nothing_was_launched(stack: Stack, server: dict[str, Any]) -> None:
    found = stack.api().get(f"automation/executions?serverId={server['id']}").expect(200)
    assert found["total"] == 0
