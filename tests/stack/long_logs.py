"""Executions whose logs are long, written past the runner: what a page has to stay quick with."""

import json
from typing import Any

from tests.stack.stack import Stack

LINES = 100_000
ROWS = 2_000

_MAKE = """
from datetime import timedelta
from django.utils import timezone
from automation.models import CatalogEntry, ExecutionLog
from servers.models import Server
from tests.automation import makers
now = timezone.now()
server = Server.objects.get(pk=given["server"])
entry = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
execution = makers.execution(
    entry, server=server, parameters={"services": ["shop"]}, changes=False,
    reason="Ticket 4711", total_steps=2, step_titles=["Look", "Check"],
    started_at=now - timedelta(minutes=4), **given["fields"],
)
first = makers.log_row(execution, 1, step_name="Look", **given["first"])
known = {field.attname: getattr(first, field.attname) for field in first._meta.concrete_fields}
rows = []
for seq in range(2, given["rows"] + 1):
    bad = {"status": "FAILED", "exit_code": 3, "error_message": f"It broke at {seq}."}
    own = {"command": f"echo {seq}", "stdout": f"line of {seq}\\n", "seq": seq}
    own |= {"step_number": 2, "step_name": "Check"} if seq > given["rows"] // 2 else {}
    rows.append(ExecutionLog(**known | own | (bad if seq in given["bad"] else {})))
ExecutionLog.objects.bulk_create(rows)
print(json.dumps(str(execution.pk)))
"""
_REMOVE = """
from automation.models import Execution
execution = Execution.objects.get(pk=given["execution"])
execution.logs.all().delete()
execution.delete()
"""


def long_output(stack: Stack, server: dict[str, Any]) -> str:
    """Make an execution of which one command said ``LINES`` lines; return its id."""
    said = "".join(f"row {number}\n" for number in range(1, LINES + 1))
    first = {"command": "journalctl -u shop", "stdout": said}
    ended = {"status": "SUCCESS", "verdict": "FIXED"}
    return _made(stack, server, rows=4, bad=[4], first=first, fields=ended)


def many_rows(stack: Stack, server: dict[str, Any], *, bad: list[int], **fields: Any) -> str:
    """Make an execution of ``ROWS`` commands, some of which failed; return its id."""
    return _made(stack, server, rows=ROWS, bad=bad, first={}, fields=fields)


def remove(stack: Stack, execution: str) -> None:
    """Delete it, so that home and lists are as they were."""
    stack.python(_REMOVE, execution=execution)


def _made(stack: Stack, server: dict[str, Any], **given: Any) -> str:
    made: str = json.loads(stack.python(_MAKE, server=server["id"], **given))
    return made
