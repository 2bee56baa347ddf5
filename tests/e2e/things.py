"""What the pages are about: one real thing of each kind, made for tests that look at all pages."""

from dataclasses import dataclass
from typing import Any

from tests.e2e.test_walk import shop
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import Stack
from tests.support.unique import unique

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

_RULE = {
    "labels": {"unit": "*"},
    "runbookId": "SERVICE_RESTART",
    "parameters": {"serviceName": "{{ labels.unit }}"},
}


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
    named = {**_RULE, "name": unique("Restart what an alert names")}
    rule = api.post("automation/remediation-rules", named).expect(201)["rule"]
    name = unique("sends")
    source = {"name": name, "slug": name.lower(), "kind": "generic"}
    made = api.post("incidents/sources", source).expect(201)
    kept = {"runbookId": "SERVICE_RESTART", "parameters": unit, "serverId": server["id"]}
    template = api.post("automation/templates", {**kept, "name": unique("Restart it")})
    nightly = {**kept, "name": unique("Nightly"), "cronExpression": "15 3 29 2 *"}
    schedule = api.post("automation/schedules", nightly)
    steps = {
        "look": {"kind": "run", "runbook": "HEALTH_CHECK", "server": server["name"]},
        "told": {"kind": "note", "text": "It is {{ results.look.result.healthy }}."},
    }
    follows = [{"from": "look", "to": "told", "when": "results.look.result.healthy"}]
    flow = {"name": unique("Look"), "nodes": steps, "edges": follows}
    workflow = api.post("automation/workflows", {"definition": flow}).expect(201)["workflow"]
    run = api.post(f"automation/workflows/{workflow['id']}/run", {}).expect(201)["workflowRun"]
    group = api.post("servers/groups", {"name": unique("shops")}).expect(201)["group"]
    asked = {"name": unique("noc"), "url": "json://127.0.0.1:9/hook", "severities": ["HIGH"]}
    channel = api.post("notifications/channels", asked).expect(201)["channel"]
    tried = api.post(f"notifications/channels/{channel['id']}/test").expect(202)["delivery"]
    guarded = {"host": demo.described["web-1"], "key": demo.login_key("web-1")}
    waits, passed = (_asked(stack, guarded) for _ in range(2))
    why = {"reason": "The shop is down and nobody else is awake."}
    api.post(f"automation/approvals/{passed}/bypass", why).expect(200)
    events = api.get("audit/events").expect(200)["events"]
    return Things(
        paths={
            "runbook": "SERVICE_RESTART",
            "execution": done["id"],
            "failed": failed["id"],
            "dry run": dry["id"],
            "batch": batch["id"],
            "approval": waits,
            "bypassed": passed,
            "template": template.expect(201)["template"]["id"],
            "schedule": schedule.expect(201)["schedule"]["id"],
            "workflow": workflow["id"],
            "workflow run": run["id"],
            "incident": incident.strip(),
            "source": made["source"]["id"],
            "group": group["id"],
            "server": server["id"],
            "unknown server": strange["id"],
            "rule": rule["id"],
            "channel": channel["id"],
            "delivery": tried["id"],
            "event": str(events[0]["seq"]),
        },
        server=server,
    )


def _asked(stack: Stack, guarded: dict[str, Any]) -> str:
    """Ask for an approval of what a server of its own wants one for; return its id."""
    host = guarded["host"]
    server = stack.server(
        "guarded",
        hostname=host["hostname"],
        port=host["port"],
        username=host["username"],
        private_key=guarded["key"],
        approvals=1,
    )
    asked = {"runbookId": "SERVICE_RESTART", "serverId": server["id"]}
    given = {**asked, "parameters": {"serviceName": DOWN}, "reason": "The shop hangs."}
    launched = stack.api().post("automation/executions", given).expect(201)["execution"]
    found: str = launched["approval"]["id"]
    return found
