"""How many rows of logs a worker's journal makes durable in a second.

The journal and PostgreSQL are real, the executions are rows that a claim would have made. Once they
write as they please, as reading commands do, which nobody waits for; once each row waits until it
is durable before the next begins, as changing commands do. Beside both, in the same run, what COPY
alone does with the same rows, in one transaction. Run it on an idle machine: `make bench-journal`.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import uuid4

from benchmarks import in_process
from benchmarks.circumstances import circumstances
from tests.stack.stack import Stack, without_workers

GOAL = 20_000
_OUTPUT = "Filesystem 1K-blocks Used Available Use% Mounted on\n" * 4
Row = dict[str, Any]
Writer = Callable[[Any, Callable[[float], None], int, Any], None]


def main() -> None:
    """Measure, print a table, and store the figures where --output says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--executions", type=int, default=100, help="that write at once")
    parser.add_argument("--rows", type=int, default=500, help="of each of them")
    parser.add_argument("--output", type=Path, help="file for the figures, as JSON")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="opsmanager-bench-") as name,
        without_workers(Path(name) / "stack") as stack,
    ):
        in_process.set_up(stack)
        rows = measured(stack, asked.executions, asked.rows)
    for row in rows:
        print(
            f"{row['work']:<28} {row['perSecond']:8.0f} rows/s   {row['ofCopy']:5.0%} of COPY"
            + (f"   each waits {row['p50']:.1f} ms, p99 {row['p99']:.1f}" if "p50" in row else "")
        )
    if asked.output:
        asked.output.write_text(json.dumps({**circumstances(), "rows": rows}, indent=2) + "\n")


def measured(stack: Stack, executions: int, each: int) -> list[Row]:
    """Return what COPY, rows that nobody waits for, and rows that are waited for came to."""
    from django.db import connection  # noqa: PLC0415 - after Django was set up

    from automation.runner.journal import Journal  # noqa: PLC0415

    copied = executions * each / copy(claims(stack, executions), each)
    found: list[Row] = [{"work": "COPY alone", "perSecond": copied, "ofCopy": 1.0}]
    journal = Journal()
    journal.start()
    for work, write, count in (("nobody waits", said, each), ("each waits", promised, each // 5)):
        held = claims(stack, executions)
        rate, waits = written(journal, write, held, count)
        row = {"work": work, "perSecond": rate, "ofCopy": rate / copied}
        if waits:
            cuts = quantiles(waits, n=100)
            row |= {"p50": cuts[49] * 1000, "p99": cuts[98] * 1000}
        with connection.cursor() as cursor:
            ids = [one.execution_id for one in held]
            cursor.execute(
                "SELECT count(*) FROM automation_executionlog WHERE execution_id = ANY(%s)", [ids]
            )
            assert cursor.fetchone() == (executions * count,)
        found.append(row)
    journal.close()
    return found


def written(journal: Any, write: Writer, held: list[Any], each: int) -> tuple[float, list[float]]:
    """Let all executions write so many rows; return rows a second, and what single ones waited."""
    waits: list[float] = []
    one = partial(write, journal, waits.append, each)
    began = time.perf_counter()
    with ThreadPoolExecutor(len(held)) as threads:
        list(threads.map(one, held))
    return len(held) * each / (time.perf_counter() - began), waits


def claims(stack: Stack, executions: int) -> list[Any]:
    """Return executions as a worker holds them, each on a server of its own."""
    from automation.models import CatalogEntry, Execution  # noqa: PLC0415
    from automation.runner.claim import Claim  # noqa: PLC0415
    from opsmanager.common.clock import database_now  # noqa: PLC0415
    from servers.models import Server  # noqa: PLC0415

    runbook = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
    now = database_now()
    rows = Execution.objects.bulk_create(
        Execution(
            runbook=runbook,
            server=Server.objects.create(name=f"bench {uuid4().hex}", hostname="127.0.0.1"),
            status="RUNNING",
            fence=1,
            attempt=1,
            queued_at=now,
            waiting_since=None,
            lease_until=now.replace(year=now.year + 1),
        )
        for _ in range(executions)
    )
    return [
        Claim(execution_id=row.pk, fence=1, attempt=1, queued_at=now, last_seq=0) for row in rows
    ]


def log_row(claim: Any, seq: int) -> Any:
    """Return a row as a command of a health check leaves it."""
    from automation.engine.ports import Action, ActionEnd  # noqa: PLC0415
    from automation.engine.results import ActionStatus, StepType  # noqa: PLC0415
    from automation.runner.log_row import LogRow  # noqa: PLC0415

    row = LogRow(
        claim=claim,
        action=Action(
            id=uuid4(),
            seq=seq,
            step_number=1,
            step_name="Look at the file systems",
            type=StepType.SSH_COMMAND,
            text="df -Pk",
            changes=False,
        ),
    )
    row.end(ActionEnd(status=ActionStatus.SUCCESS, stdout=_OUTPUT, exit_code=0))
    return row


def copy(held: list[Any], each: int) -> float:
    """Return the seconds that COPY takes for as many rows, made before."""
    from django.db import connection, transaction  # noqa: PLC0415

    from automation.runner.log_row import COLUMNS  # noqa: PLC0415

    rows = [log_row(claim, seq).values() for claim in held for seq in range(1, each + 1)]
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        into = f"COPY automation_executionlog ({', '.join(COLUMNS)}) FROM STDIN"
        with cursor.copy(into) as lines:
            for row in rows:
                lines.write_row(row)
    return time.perf_counter() - began


def said(journal: Any, _: Callable[[float], None], each: int, claim: Any) -> None:
    """Write rows as they come, and wait until all are durable."""
    for seq in range(1, each + 1):
        journal.say(log_row(claim, seq))
    journal.flush(claim).result()


def promised(journal: Any, waited: Callable[[float], None], each: int, claim: Any) -> None:
    """Write each row once the one before is durable."""
    for seq in range(1, each + 1):
        began = time.perf_counter()
        journal.promise(log_row(claim, seq)).result()
        waited(time.perf_counter() - began)


if __name__ == "__main__":
    main()
