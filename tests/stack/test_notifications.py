"""Who reads a channel that works is told, whatever hangs beside it; what runs waits for nobody."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.ssh.testing import SshServer, generate_key
from tests.automation.runner.web import Exchange, WebServer
from tests.stack.stack import Stack
from tests.support.unique import unique
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("stack")

SECRET = "canary-Of-The-Output-7"


@pytest.fixture
def server(stack: Stack, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A server whose password lies where the runbook finds it."""
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "unknown").write_text("another-Canary-8")
    (tmp_path / "key").write_text("")
    key = generate_key().private_key
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path)}
    listening = SshServer(host_key=key, passwords={"ops": SECRET}, environment=environment)
    with listening:
        name = unique("told")
        login = {"authType": "PASSWORD", "username": "ops", "password": SECRET}
        made = stack.api().post("servers/credentials", {"name": name, **login}).expect(201)
        fields = {"name": name, "hostname": "127.0.0.1", "port": listening.port}
        fields |= {"environment": "STAGING", "credentialId": made["credential"]["id"]}
        row: dict[str, Any] = stack.api().post("servers", fields).expect(201)["server"]
        stack.accept_host_key(row)
        yield row


@pytest.fixture
def channels(stack: Stack) -> Iterator[list[str]]:
    """The ids of channels, which leave when the test is over."""
    made: list[str] = []
    yield made
    for channel in made:
        assert stack.api().delete(f"notifications/channels/{channel}").status == 204


def drip(exchange: Exchange) -> None:
    exchange.send_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        exchange.send_raw(b".")
        time.sleep(0.2)


def test_what_hangs_delays_no_execution_and_no_other_channel(
    stack: Stack, server: dict[str, Any], channels: list[str], tmp_path: Path
) -> None:
    api = stack.api()

    def lead(name: str, to: WebServer) -> str:
        url = f"json://127.0.0.1:{to.port}/{name}"
        asked = {"name": unique(name), "url": url, "quietMinutes": 0}
        channel: dict[str, Any] = api.post("notifications/channels", asked).expect(201)["channel"]
        channels.append(channel["id"])
        return channel["id"]

    with WebServer(Exchange.be_silent) as silent, WebServer(drip) as dripping, WebServer() as well:
        for name in ("silent", "silent-too"):
            lead(name, silent)
        lead("dripping", dripping)
        heard = lead("well", well)
        parameters = {"folder": str(tmp_path), "end": "failed"}
        runs = [api.run("ACME_LEAKING", server, parameters=parameters) for _ in range(3)]
        ended = time.monotonic()
        assert {run["status"] for run in runs} == {"FAILED"}
        eventually(lambda: silent.connections > 0 and dripping.connections > 0)
        eventually(lambda: len(well.received) == 3)

        # Sends that hang are given up after 30 seconds; nobody waited for that.
        still = api.get("notifications/deliveries?state=PENDING").expect(200)
        assert still["total"] >= 9 or time.monotonic() - ended > 25
        messages = [json.loads(request.body) for request in well.received]
        assert f"Leak failed on {server['name']}" in {each["title"] for each in messages}
        for each in messages:
            assert "exit code 3" in each["message"]
            assert "it did not work with" in each["message"]
            assert SECRET not in str(each)
            assert "another-Canary-8" not in str(each)
        assert all(any(run["id"] in each["message"] for each in messages) for run in runs)
        sent = f"notifications/deliveries?channelId={heard}&state=SENT"
        eventually(lambda: api.get(sent).expect(200)["total"] == 3)
