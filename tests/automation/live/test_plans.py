"""What counts executions reads an index of theirs, in a history that is long enough to matter."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from automation.engine.results import Status
from automation.models import CatalogEntry, Execution
from automation.selectors import records
from automation.selectors.analytics import durations, runs, span, success, summary, usage
from servers.models import Server
from tests.automation import makers

ROWS_EACH = 6000
# As wide as real rows, each some time after the last one.
COPIES = """
INSERT INTO automation_execution ({names})
SELECT {values}
  FROM automation_execution AS one,
       generate_series(1, %s) AS number,
       jsonb_populate_record(one, jsonb_build_object(
           'id', gen_random_uuid(),
           'queued_at', now() - number * interval '90 minutes',
           'reason', repeat('because ', 60)
       )) AS made
"""


@pytest.fixture
def history(committed: None) -> Iterator[None]:
    """Two thousand executions a month, for a year."""
    server = makers.server()
    for name in ("SAMPLE_MENDING", "SAMPLE_LOOKING", "SAMPLE_REPEATABLE"):
        makers.execution(name, server=server, status=Status.SUCCESS)
    with connection.cursor() as cursor:
        names = [field.column for field in Execution._meta.concrete_fields if not field.generated]
        values = ", ".join(f"made.{name}" for name in names)
        cursor.execute(COPIES.format(names=", ".join(names), values=values), [ROWS_EACH])
        cursor.execute("VACUUM (ANALYZE) automation_execution")


def asked() -> tuple[Any, span.Span]:
    zone = ZoneInfo("Europe/Berlin")
    return runs.runs(makers.somebody()), span.span(zone=zone, now=datetime.now(UTC))


def of_one_runbook() -> tuple[Any, span.Span]:
    return asked()[0].filter(runbook=makers.entry()), asked()[1]


def of_one_server() -> tuple[Any, span.Span]:
    return asked()[0].filter(server=Server.objects.get()), asked()[1]


INDEXED = ("Index Only Scan", "Index Scan", "Bitmap Heap Scan")
CALLS: dict[str, Callable[[], object]] = {
    "success rate": lambda: success.success(*asked()),
    "success rate of a runbook": lambda: success.success(*of_one_runbook()),
    "success rate on a server": lambda: success.success(*of_one_server()),
    "execution time": lambda: durations.execution_time(*asked()),
    "most used runbooks": lambda: usage.runbooks(*asked(), limit=10),
    "most used servers": lambda: usage.servers(*asked(), limit=10),
    "most used of each day": lambda: usage.over_time(*asked()),
    "summary": lambda: summary.summary(*asked()),
    "summary of a runbook": lambda: summary.summary(*of_one_runbook()),
    "records": lambda: records.with_records(CatalogEntry.objects.all()),
    "record": lambda: records.record_of(makers.entry()),
    "estimate": lambda: records.estimated_seconds(makers.entry()),
}


def test_counting_reads_an_index(history: None) -> None:
    for name, call in CALLS.items():
        with CaptureQueriesContext(connection) as captured:
            call()
        scans = [scan for query in captured for scan in scans_of(query["sql"])]
        assert scans, name
        for scan in scans:
            assert scan["Node Type"] in INDEXED, (name, scan)


def scans_of(sql: str) -> list[dict[str, Any]]:
    """Return how the plan of a query reads executions."""
    if "automation_execution" not in sql or not sql.lstrip().startswith("SELECT"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql.replace('%', '%%')}", [])
        (said,) = cursor.fetchone()
    plans = said if isinstance(said, list) else json.loads(said)
    return [
        node
        for node in nodes(plans[0]["Plan"])
        if node.get("Relation Name") == "automation_execution"
    ]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return all nodes of a plan."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)
