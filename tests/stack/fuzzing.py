"""Lets schemathesis ask a running stack for all that its OpenAPI document allows and forbids."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack.stack import PROJECT, Stack

PATIENCE = 1200.0  # seconds for one run, which takes what it is given and little more
# What depends on what is there, or on what only the runbook or the network knows, no schema can
# say: it is refused with 400, or 429 within a cooldown, and a sentence.
_REFUSED_FOR_CAUSE = (
    "launchExecution",
    "launchBatch",
    "dryRunRunbook",
    "validateRunbook",
    "retryExecution",
    "rollBackExecution",
    "cancelExecution",
    "cancelBatch",
    "decideExecution",
    "deleteExecution",
    "createServer",
    "updateServer",
    "createServerGroup",
    "updateServerGroup",
    "createCredential",
    "updateCredential",
    "createApiToken",
    "streamExecutionLogs",
    "listAuditEvents",
    "getSuccessRate",
    "getExecutionTime",
    "getMostUsed",
    "getAnalyticsSummary",
    "getHandover",
    "exportHandover",
    "listLogMatches",
    # What a runbook takes, a cron expression, a template over an alert, what stands where in
    # somebody's JSON, and which services can be told.
    "createRemediationRule",
    "updateRemediationRule",
    "switchRemediationRule",
    "rearmRemediationRule",
    "tryNewRemediationRule",
    # What is decided already, and who asked.
    "grantApproval",
    "rejectApproval",
    "bypassApproval",
    "reviewApproval",
    "createSchedule",
    "updateSchedule",
    "runSchedule",
    "runWorkflow",
    "cancelWorkflowRun",
    "retryWorkflowRun",
    "createTemplate",
    "updateTemplate",
    "runTemplate",
    "createWorkflow",
    "updateWorkflow",
    "validateWorkflow",
    "tryExpression",
    "openIncident",
    "updateIncident",
    "acknowledgeIncident",
    "assignIncident",
    "linkIncidentExecution",
    "addIncidentNote",
    "reopenIncident",
    "resolveIncident",
    "createIncidentSource",
    "updateIncidentSource",
    "rotateIncidentSource",
    "endPreviousOfIncidentSource",
    "tryIncidentSource",
    "receiveAlerts",
    "createNotificationChannel",
    "updateNotificationChannel",
    "testNotificationChannel",
    "resendNotification",
    "listIncidents",
)
_CONFIG = """
seed = {seed}
continue-on-failure = true
# A long poll takes up to 20 seconds.
request-timeout = 60.0

[generation]
max-examples = {examples}
# PostgreSQL keeps no NUL characters; a test of its own shows that they are refused.
allow-x00 = false

[auth.openapi.apiTokenAuth]
bearer = "{token}"

[dictionaries.servers]
values = {servers}
[dictionaries.runbooks]
values = ["HEALTH_CHECK", "SERVICE_RESTART", "DISK_CLEANUP", "PROCESS_KILL"]
[dictionaries.hosts]
values = ["127.0.0.1", "127.0.0.2"]
[dictionaries.ports]
values = [1, 2]
[dictionaries.channels]
values = ["json://127.0.0.1:1/", "json://127.0.0.2:1/"]

[parameters]
"body.serverId" = {{ dictionary = "servers", probability = 0.8 }}
"body.runbookId" = {{ dictionary = "runbooks", probability = 0.8 }}
"path.key" = {{ dictionary = "runbooks", probability = 0.8 }}
# Nothing leaves this machine.
"body.hostname" = {{ dictionary = "hosts" }}
"body.port" = {{ dictionary = "ports" }}
"body.url" = {{ dictionary = "channels" }}

[[operations]]
include-operation-id = {refused}
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 401, 403, 404, 409, 422, 429]
"""


@dataclass(frozen=True, kw_only=True)
class Fuzzed:
    """What came of one run."""

    requests: int
    failures: int
    exit_code: int
    output: str


def fuzz(
    stack: Stack,
    folder: Path,
    *,
    token: str,
    servers: list[dict[str, Any]],
    seed: int,
    seconds: int,
) -> Fuzzed:
    """Fuzz the API with that API token for about so many seconds, with all checks."""
    config, report = folder / "schemathesis.toml", folder / f"report-{seed}.json"
    config.write_text(
        _CONFIG.format(
            seed=seed,
            examples=100,
            token=token,
            servers=json.dumps([server["id"] for server in servers]),
            refused=json.dumps(_REFUSED_FOR_CAUSE),
        )
    )
    ended = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
            *("run", str(PROJECT / "docs" / "openapi.yaml"), "--url", stack.address),
            # One thread: Hypothesis sets the limit of recursion for all, while CPython 3.11's
            # parser, at work in another, ends with a SystemError when that changes under it.
            *("--checks", "all", "--workers", "1", "--max-time", str(seconds)),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert report.exists(), ended.stdout + ended.stderr
    cases = json.loads(report.read_text())["test_cases"]
    return Fuzzed(
        requests=cases["generated"] - cases["without_checks"],
        failures=cases["with_failures"] + cases["errored"],
        exit_code=ended.returncode,
        output=ended.stdout + ended.stderr,
    )
