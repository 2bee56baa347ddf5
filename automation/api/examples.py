"""What requests about executions look like, for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_SERVER = "6f1f7c9e-2b5b-4d43-9a35-0d6f3c1f7a10"
_OTHER = "9d0a5f64-8c11-4f5e-a1c5-5a1b0c9f2e77"
_RESTART = {"serverId": _SERVER, "parameters": {"serviceName": "nginx.service"}}


def _example(title: str, /, **body: Any) -> OpenApiExample:
    return OpenApiExample(title, value=body, request_only=True)


TARGET = [_example("Restart nginx", **_RESTART)]
LAUNCH = [
    _example(
        "Restart nginx on a production server",
        runbookId="SERVICE_RESTART",
        **_RESTART,
        confirm=True,
        reason="alert 4711: 502 from the shop",
    ),
    _example(
        "See what a clean-up would do",
        runbookId="DISK_CLEANUP",
        serverId=_SERVER,
        parameters={"targetPath": "/var/log", "minSizeMb": 100},
        isDryRun=True,
    ),
]
BATCH = [
    _example(
        "Check two servers",
        runbookId="HEALTH_CHECK",
        serverIds=[_SERVER, _OTHER],
        parameters={"services": ["nginx.service"], "ports": [443]},
        maxParallel=10,
        stopAfterFailures=2,
    )
]
RETRY = [_example("Again, past the cooldown", force=True, reason="the network is back")]
ROLLBACK = [_example("Take it back", reason="it made things worse")]
DECISION = [_example("It worked", outcome="SUCCESS", reason="I looked: nginx runs since 03:12")]
APPROVE = [_example("Go on", reason="I have looked at the dry run")]
REJECT = [_example("Not now", reason="the shop has its sale until six")]
BYPASS = [_example("It can't wait", reason="the shop is down and nobody else is awake")]
REVIEW = [_example("It was right", note="nobody could be reached, and the shop was down")]
TEMPLATE = [
    _example(
        "Restart nginx of the shop",
        name="Restart the shop's nginx",
        runbookId="SERVICE_RESTART",
        **_RESTART,
    )
]
TEMPLATE_RUN = [
    _example("As it is"),
    _example("Somewhere else, dry", serverId=_OTHER, isDryRun=True),
]
WORKFLOW = [
    _example(
        "Look, then restart",
        definition={
            "name": "Restart the shop when it is ill",
            "inputs": [{"name": "server", "type": "server", "required": True}],
            "nodes": {
                "check": {
                    "kind": "run",
                    "runbook": "HEALTH_CHECK",
                    "server": "{{ inputs.server }}",
                },
                "restart": {
                    "kind": "run",
                    "runbook": "SERVICE_RESTART",
                    "server": "{{ inputs.server }}",
                    "parameters": {"serviceName": "nginx.service"},
                },
            },
            "edges": [
                {"from": "check", "to": "restart", "when": "not results.check.result.healthy"}
            ],
        },
    ),
    _example(
        "As YAML",
        yaml="name: Say hello\nnodes:\n  hello:\n    kind: note\n    text: Hello\n",
    ),
]
EXPRESSION = [
    _example(
        "Is the disk full?",
        expression="results.check.result.fullestDiskPercent > 80",
        results={"check": {"result": {"fullestDiskPercent": 91}}},
    )
]
SCHEDULE = [
    _example(
        "Check a server every weekday at 03:15 in Berlin",
        name="Check web-1 before the day begins",
        runbookId="HEALTH_CHECK",
        serverId=_SERVER,
        parameters={"services": ["nginx.service"]},
        cronExpression="15 3 * * 1-5",
        timezone="Europe/Berlin",
    )
]
WORKFLOW_RUN = [
    _example(
        "Look after web-1, and mean it",
        inputs={"server": "web-1"},
        confirm=True,
        reason="alert 4711: disk full",
    )
]
WORKFLOW_RETRY = [
    _example("From what failed", reason="the network is back"),
    _example("From one node on", node="restart"),
]
