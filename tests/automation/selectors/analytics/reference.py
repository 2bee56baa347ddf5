"""Analytics by plain counting over the rows in memory, to hold the queries against."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from automation.models import Execution

SUCCESS = "SUCCESS"
FAILED = ("FAILED", "TIMEOUT", "ROLLED_BACK", "UNKNOWN")
_LOOK = timedelta(minutes=15)
"""Clocks change by whole quarters of an hour, and at whole ones."""


def first_day(moment: datetime, zone: str, grouping: str) -> date:
    """Return the first day of the period in which a moment lies, by the zone's calendar."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    if grouping == "week":
        return date.fromisocalendar(*day.isocalendar()[:2], 1)
    return day.replace(day=1) if grouping == "month" else day


def periods(start: datetime, end: datetime, zone: str, grouping: str) -> list[date]:
    """Return the periods by looking at the calendar every quarter of an hour."""
    found: dict[date, None] = {}
    moment = start
    while moment < end:
        found[first_day(moment, zone, grouping)] = None
        moment += _LOOK
    found[first_day(end - timedelta(microseconds=1), zone, grouping)] = None
    return list(found)


def by_period(rows: Iterable[Execution], zone: str, grouping: str) -> dict[date, list[Execution]]:
    """Return the rows of each period that has some."""
    found = defaultdict(list)
    for row in rows:
        found[first_day(row.queued_at, zone, grouping)].append(row)
    return found


def counted(rows: Iterable[Execution]) -> dict[str, Any]:
    """Return what the rows count."""
    listed = list(rows)
    good = sum(row.status == SUCCESS for row in listed)
    bad = sum(row.status in FAILED for row in listed)
    fixed = sum(row.verdict == "FIXED" for row in listed)
    met = fixed + sum(row.verdict in ("NOT_FIXED", "MADE_WORSE") for row in listed)
    return {
        "total": len(listed),
        "successful": good,
        "failed": bad,
        "cancelled": sum(row.status == "CANCELLED" for row in listed),
        "unfinished": sum(row.status in ("PENDING", "RUNNING") for row in listed),
        "success_rate": good / (good + bad) if good + bad else None,
        "fix_rate": fixed / met if met else None,
    }


def took(rows: Iterable[Execution]) -> dict[str, Any]:
    """Return how long those took that succeeded, in milliseconds."""
    seconds = sorted(
        (row.finished_at - row.started_at).total_seconds()
        for row in rows
        if row.status == SUCCESS and row.started_at and row.finished_at
    )
    if not seconds:
        return dict.fromkeys(("average_ms", "median_ms", "p95_ms", "minimum_ms", "maximum_ms"))
    return {
        "average_ms": round(sum(seconds) / len(seconds) * 1000),
        "median_ms": _percentile(seconds, 0.5),
        "p95_ms": _percentile(seconds, 0.95),
        "minimum_ms": round(seconds[0] * 1000),
        "maximum_ms": round(seconds[-1] * 1000),
    }


def _percentile(ordered: list[float], share: float) -> int:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return round((ordered[below] + (place - below) * (ordered[above] - ordered[below])) * 1000)
