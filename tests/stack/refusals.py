"""What every way to fail has in common: a code, a plain sentence, an end, no stack trace."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.stack.client import PATIENCE
from tests.stack.stack import Stack

_CONFIGURE = """
from automation.models import CatalogEntry
CatalogEntry.objects.filter(runbook_id=given["runbook"]).update(**given["fields"])
"""


def assert_the_execution_says(
    stack: Stack,
    server: dict[str, Any],
    code: str,
    sentence: str,
    *,
    runbook: str = "HEALTH_CHECK",
    **parameters: Any,
) -> dict[str, Any]:
    """Run the runbook over the API; check that it fails with this code, and says this."""
    api = stack.api()
    execution = api.run(runbook, server, parameters=parameters)

    assert (execution["status"], execution["errorCode"]) == ("FAILED", code), execution
    assert sentence in execution["errorMessage"], execution["errorMessage"]
    assert execution["finishedAt"] is not None
    assert execution["success"] is False
    assert execution["verdict"] != "FIXED"
    told = [execution["errorMessage"], *(row["stderr"] for row in api.logs(execution))]
    assert "Traceback" not in "".join(told)
    assert all(row["status"] != "RUNNING" for row in api.logs(execution))
    return execution


def assert_the_command_line_says(
    stack: Stack,
    server: dict[str, Any],
    code: str,
    sentence: str,
    *,
    runbook: str = "HEALTH_CHECK",
    **parameters: Any,
) -> None:
    """Run the runbook on the command line; check its exit code and what it says."""
    pairs = (f"{name}={value}" for name, value in parameters.items())
    ended = stack.manage("runbook", "run", runbook, server["name"], *pairs)

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert sentence in ended.stdout, ended.stdout
    assert f"FAILED {code}" in ended.stderr, ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def assert_the_log_has_no_stack_trace(stack: Stack) -> None:
    """Check what the processes wrote, and that no execution is left running."""
    assert "Traceback" not in stack.output()
    # One that was UNKNOWN may be gone on with just now, or a schedule has begun one.
    deadline = time.monotonic() + PATIENCE
    while left := stack.api().get("automation/executions?status=RUNNING").expect(200)["executions"]:
        assert time.monotonic() < deadline, left
        time.sleep(0.5)


@contextmanager
def switched_off(stack: Stack, runbook: str) -> Iterator[None]:
    """Switch a runbook off meanwhile."""
    stack.python(_CONFIGURE, runbook=runbook, fields={"is_active": False})
    try:
        yield
    finally:
        stack.python(_CONFIGURE, runbook=runbook, fields={"is_active": True})


@contextmanager
def tried_again_once(stack: Stack, runbook: str = "HEALTH_CHECK") -> Iterator[None]:
    """Have a runbook tried again but once meanwhile, since a minute and more goes by with three."""
    stack.python(_CONFIGURE, runbook=runbook, fields={"max_retries": 1})
    try:
        yield
    finally:
        stack.python(_CONFIGURE, runbook=runbook, fields={"max_retries": 3})
