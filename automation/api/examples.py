"""What requests about executions look like, for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_SERVER = "6f1f7c9e-2b5b-4d43-9a35-0d6f3c1f7a10"
_OTHER = "9d0a5f64-8c11-4f5e-a1c5-5a1b0c9f2e77"
_RESTART = {"serverId": _SERVER, "parameters": {"serviceName": "nginx.service"}}


def _example(name: str, **body: Any) -> OpenApiExample:
    return OpenApiExample(name, value=body, request_only=True)


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
