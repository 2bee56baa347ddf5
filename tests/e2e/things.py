"""What the pages are about: one real thing of each kind, made for tests that look at all pages."""

from dataclasses import dataclass
from typing import Any

from tests.e2e.test_walk import shop
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import Stack, unique

_INCIDENT = """
from incidents.services import incidents
from servers.models import Server
incident = incidents.open_incident(
    title=given["title"],
    severity="HIGH",
    source="test",
    fingerprint=given["title"],
    server=Server.objects.get(pk=given["server"]),
    labels={"unit": given["unit"], "service": "shop"},
)
print(incident.pk)
"""


@dataclass(frozen=True, kw_only=True)
class Things:
    """What there is to look at."""

    paths: dict[str, str]
    """What stands for each thing in the address of its page."""
    server: dict[str, Any]


def make(stack: Stack, demo: Demo) -> Things:
    """Return one of each, with a history."""
    api, server = stack.api(), shop(stack, demo)
    strange = stack.server(
        "strange",
        hostname="127.0.0.1",
        port=9,
        username="nobody",
        private_key=demo.login_key("web-1"),
        accepted=False,
    )
    incident = stack.python(
        _INCIDENT, title=unique("The shop is down"), server=server["id"], unit=DOWN
    )
    unit = {"serviceName": DOWN}
    dry = api.run("SERVICE_RESTART", server, parameters=unit, isDryRun=True)
    failed = api.run("SERVICE_RESTART", server, parameters={"serviceName": "no-such.service"})
    done = api.run("SERVICE_RESTART", server, parameters=unit)
    assert (dry["status"], done["status"]) == ("SUCCESS", "SUCCESS")
    asked = {"runbookId": "HEALTH_CHECK", "serverIds": [server["id"], strange["id"]]}
    batch = api.post("automation/batches", {**asked, "parameters": {}}).expect(201)["batch"]
    events = api.get("audit/events").expect(200)["events"]
    return Things(
        paths={
            "runbook": "SERVICE_RESTART",
            "execution": done["id"],
            "failed": failed["id"],
            "dry run": dry["id"],
            "batch": batch["id"],
            "incident": incident.strip(),
            "server": server["id"],
            "unknown server": strange["id"],
            "event": str(events[0]["seq"]),
        },
        server=server,
    )
