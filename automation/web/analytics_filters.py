"""What the page of analytics can be asked for: which executions, how far back, in which zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.utils import timezone

from automation.models import CatalogEntry
from automation.selectors import runbooks
from automation.selectors.analytics import span as spans
from automation.selectors.analytics.span import Grouping, Span
from opsmanager.common.api.query import Query
from opsmanager.common.api.query_fields import Text, Uuid
from opsmanager.common.problems import Invalid
from servers.models import Server
from servers.selectors import servers

USUAL: Final = "30d"
REACHES: Final[dict[str, dict[str, str]]] = {
    "By day": {"7d": "7 days", USUAL: "30 days", "90d": "90 days"},
    "By week": {"12w": "12 weeks", "26w": "26 weeks", "52w": "52 weeks"},
    "By month": {"6m": "6 months", "12m": "12 months", "24m": "24 months"},
}
"""What is offered, by its period: how it stands in an address, and in words."""
_GROUPINGS: Final = {"d": Grouping.DAY, "w": Grouping.WEEK, "m": Grouping.MONTH}
_REACH: Final = re.compile(r"([1-9][0-9]{0,2})([dwm])", re.ASCII)
_MOST_MONTHS: Final = 600
_CONTINENTS: Final = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


class AnalyticsFilters(Query):
    """The fields above the report; those left empty ask for nothing."""

    show = Text()
    runbook = Text()
    server = Uuid()
    timezone = Text()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is counted: over which span, of which runbook and on which server if on one."""

    span: Span
    runbook: CatalogEntry | None
    server: Server | None
    reach: str
    """How far back in words, such as "30 days", the one that goes on included."""


def asked_for(request: HttpRequest) -> Asked:
    """Return what a request asks for.

    Raises :class:`Invalid`, and :class:`NotFound` for a runbook or server that the user can't see.
    """
    asked = AnalyticsFilters.of_form(request.GET)
    zone = spans.zone(asked.get("timezone", "UTC"))
    count, grouping = _reach(asked.get("show", USUAL))
    now = timezone.now()
    return Asked(
        span=Span(
            start=spans.midnight(_first_day(count, grouping, now, zone), zone),
            end=now,
            zone=zone,
            grouping=grouping,
        ),
        runbook=runbooks.get(request.user, asked["runbook"]) if "runbook" in asked else None,
        server=servers.get(request.user, asked["server"]) if "server" in asked else None,
        reach=f"{count} {grouping}{'' if count == 1 else 's'}",
    )


@cache
def zones() -> tuple[str, ...]:
    """Return the names of time zones that a person would choose, in order."""
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(_CONTINENTS)))


def _reach(text: str) -> tuple[int, Grouping]:
    """Return how many of which period a text such as ``12w`` says. Raises :class:`Invalid`."""
    found = _REACH.fullmatch(text)
    if found is None or (found[2] == "m" and int(found[1]) > _MOST_MONTHS):
        sentence = (
            "Use a number of days, weeks or months such as 30d, 12w or 12m; "
            f"at most 999d, 999w or {_MOST_MONTHS}m."
        )
        raise Invalid(f"show is not valid. {sentence}", details={"show": [sentence]})
    return int(found[1]), _GROUPINGS[found[2]]


def _first_day(count: int, grouping: Grouping, now: datetime, zone: ZoneInfo) -> date:
    """Return the first day of so many whole periods, of which the last one goes on."""
    today = now.astimezone(zone).date()
    match grouping:
        case Grouping.DAY:
            return today - timedelta(days=count - 1)
        case Grouping.WEEK:
            return today - timedelta(days=today.weekday(), weeks=count - 1)
        case Grouping.MONTH:
            years, month = divmod(today.year * 12 + today.month - count, 12)
            return date(years, month + 1, 1)
