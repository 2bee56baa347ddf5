"""An alert of a real Alertmanager about a real Debian server: mended while everybody sleeps.

And one about what can't be mended: tried three times, then left alone, and somebody is woken.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.servers.systemd.machines import SystemdMachine, booted
from tests.stack import alertmanager
from tests.stack.alertmanager import Alertmanager
from tests.stack.receiver import Receiver, listening
from tests.stack.stack import Stack, running
from tests.support.unique import unique

pytest_plugins = ("tests.servers.systemd.fixtures", "tests.stack.fixtures")
pytestmark = [
    pytest.mark.systemd,
    pytest.mark.alertmanager,
    pytest.mark.xdist_group("alone"),
]

PATIENCE = 180.0
BROKEN = "never.service"
_UNIT = "[Service]\\nExecStart=/bin/false\\n[Install]\\nWantedBy=multi-user.target\\n"
_NO_COOLDOWN = """
from automation.models import CatalogEntry
CatalogEntry.objects.filter(runbook_id="SERVICE_RESTART").update(cooldown_minutes=0)
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """A running OpsManager that an Alertmanager sends to, and a server that it knows."""

    stack: Stack
    machine: SystemdMachine
    server: dict[str, Any]
    alerts: Alertmanager
    phone: Receiver

    def incidents(self) -> list[dict[str, Any]]:
        """Return the incidents of the server, the newest first."""
        path = f"incidents?serverId={self.server['id']}&ordering=-openedAt"
        rows: list[dict[str, Any]] = self.stack.api().get(path).expect(200)["incidents"]
        return rows

    def executions(self, incident: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what ran for the incident, the newest first."""
        path = f"automation/executions?incidentId={incident['id']}"
        rows: list[dict[str, Any]] = self.stack.api().get(path).expect(200)["executions"]
        return rows


@pytest.fixture(scope="module")
def phone() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def world(
    systemd_host: None, phone: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    settings = {"OPSMANAGER_NOTIFY_ALLOWED_NETWORKS": "127.0.0.0/8"}
    with (
        booted() as machine,
        running(tmp_path_factory.mktemp("alerts"), **settings) as stack,
    ):
        stack.python(_NO_COOLDOWN)
        server = stack.server(
            machine.name,
            hostname=machine.address,
            port=machine.ssh_port,
            username=machine.username,
            private_key=machine.private_key,
        )
        channel = {"name": "phone", "url": f"json://127.0.0.1:{phone.port}/", "quietMinutes": 0}
        stack.api().post("notifications/channels", channel).expect(201)
        with _alerts(stack, tmp_path_factory.mktemp("alertmanager")) as alerts:
            yield World(stack=stack, machine=machine, server=server, alerts=alerts, phone=phone)


@contextmanager
def _alerts(stack: Stack, folder: Path) -> Iterator[Alertmanager]:
    asked = {"name": "Alertmanager", "slug": "alertmanager", "kind": "alertmanager"}
    made = stack.api().post("incidents/sources", asked).expect(201)
    configuration = f"""
route:
  receiver: opsmanager
  group_by: ["..."]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1s
receivers:
  - name: opsmanager
    webhook_configs:
      - url: {stack.address}/api/v1/incidents/webhooks/alertmanager
        send_resolved: true
        http_config:
          authorization:
            type: Bearer
            credentials: {made["token"]}
"""
    with alertmanager.running(folder, configuration) as started:
        yield started


def rule(world: World, service: str, **fields: Any) -> dict[str, Any]:
    """Make a rule that restarts this service, and switch it on."""
    asked = {
        "name": unique(service),
        "sources": ["alertmanager"],
        "labels": {"alertname": "ServiceDown", "service": service},
        "runbookId": "SERVICE_RESTART",
        "parameters": {"serviceName": "{{ labels.service }}"},
        "perHour": 100,
        **fields,
    }
    api = world.stack.api()
    made: dict[str, Any] = api.post("automation/remediation-rules", asked).expect(201)["rule"]
    switched = api.post(f"automation/remediation-rules/{made['id']}/mode", {"mode": "AUTOMATIC"})
    assert switched.expect(200)["rule"]["mode"] == "AUTOMATIC"
    return made


def alert(world: World, service: str) -> dict[str, str]:
    """Return the labels of what Prometheus would say of the service."""
    return {
        "alertname": "ServiceDown",
        "severity": "critical",
        "service": service,
        "instance": f"{world.server['name']}.shop.example:9100",
    }


def eventually(look: Callable[[], Any], what: str) -> Any:
    """Return what `look` finds, once it finds something."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"never: {what}")


def seconds(later: str, earlier: str) -> float:
    """Return how many seconds are between two times of the API."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def test_a_killed_nginx_is_back_and_the_incident_resolved(world: World) -> None:
    rule(world, "nginx.service")
    world.machine.run("systemctl", "kill", "--signal=KILL", "nginx.service")
    eventually(
        lambda: (
            world.machine.run(
                "sh", "-c", "systemctl is-active nginx.service || true"
            ).stdout.strip()
            != "active"
        ),
        "nginx is dead",
    )
    world.alerts.fire(**alert(world, "nginx.service"))

    (incident,) = eventually(
        lambda: [one for one in world.incidents() if one["status"] == "RESOLVED"],
        "the incident is resolved",
    )

    (execution,) = world.executions(incident)
    assert (execution["status"], execution["verdict"]) == ("SUCCESS", "FIXED")
    assert execution["triggeredBy"] == "INCIDENT"
    assert world.machine.run("systemctl", "is-active", "nginx.service").stdout.strip() == "active"
    took = seconds(incident["resolvedAt"], incident["openedAt"])
    assert took < PATIENCE, "a few seconds are usual, also where much else runs"
    world.alerts.resolve(**alert(world, "nginx.service"))


def test_what_cannot_be_fixed_is_tried_three_times_and_wakes_somebody(world: World) -> None:
    unit = f"printf '{_UNIT}' > /etc/systemd/system/{BROKEN} && systemctl daemon-reload"
    world.machine.run("sh", "-c", unit)
    made = rule(world, BROKEN, breakerAfter=3, retryMinutes=0)
    api = world.stack.api()
    labels = alert(world, BROKEN)

    def breakers() -> list[dict[str, Any]]:
        world.alerts.fire(**labels)
        path = f"automation/remediation-rules/breakers?ruleId={made['id']}&isOpen=true"
        rows: list[dict[str, Any]] = api.get(path).expect(200)["breakers"]
        return rows

    eventually(breakers, "the breaker opens")
    (incident,) = [one for one in world.incidents() if one["labels"]["service"] == BROKEN]
    assert [one["verdict"] for one in world.executions(incident)] == ["NOT_FIXED"] * 3
    eventually(lambda: world.phone.titled("was stopped for"), "somebody is told of the breaker")

    seen = incident["timesSeen"]
    eventually(
        lambda: breakers() and world.incidents()[0]["timesSeen"] > seen + 3, "it fires on and on"
    )
    assert len(world.executions(incident)) == 3
    why = api.get(f"incidents/{incident['id']}/why").expect(200)
    assert "breaker" in json.dumps(why).lower()

    rearmed = {"serverId": world.server["id"], "reason": "Mended by hand"}
    api.post(f"automation/remediation-rules/{made['id']}/rearm", rearmed).expect(200)
    eventually(
        lambda: breakers() is not None and len(world.executions(incident)) > 3, "it tries again"
    )
    world.alerts.resolve(**labels)
