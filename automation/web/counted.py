"""The executions behind a figure: the history, narrowed to what analytics have counted.

A figure's link carries the span and the kind; the history reads them with the rules by which the
figure was counted, so that both agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from automation.engine.results import Verdict
from automation.models import Execution
from automation.selectors import outcomes
from opsmanager.common.api.query import Query
from opsmanager.common.api.query_fields import When, Word

_KINDS: Final[dict[str, tuple[str, Q]]] = {
    "all": ("All that are counted", Q()),
    "successful": ("Succeeded", Q(status__in=outcomes.SUCCESSFUL)),
    "failed": ("Not succeeded", Q(status__in=outcomes.FAILED)),
    "cancelled": ("Cancelled", Q(status__in=outcomes.CANCELLED)),
    "unfinished": ("Waiting or running", Q(status__in=outcomes.UNFINISHED)),
    "fixed": ("Fixed it", Q(verdict=Verdict.FIXED)),
    "unfixed": ("Did not fix it", Q(verdict__in=outcomes.MET) & ~Q(verdict=Verdict.FIXED)),
}
"""By their name in an address: what people call them, and which they are."""


class CountedFilters(Query):
    """What a figure's link asks the history for."""

    counted = Word(_KINDS)
    since = When()
    until = When()

    filters = {"since": "queued_at__gte", "until": "queued_at__lt"}


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What of the history is shown, as far as a figure's link asked for it."""

    word: str
    """What people call it; empty where only times are asked for."""
    since: datetime | None
    until: datetime | None


def narrow(
    rows: QuerySet[Execution], given: QueryDict
) -> tuple[QuerySet[Execution], Counted | None]:
    """Return those of the rows that a link asks for, and what it asks for; ``None`` for nothing.

    A kind leaves dry runs out, as analytics do. Raises :class:`Invalid`.
    """
    asked: Mapping[str, Any] = CountedFilters.of_form(given)
    if not asked:
        return rows, None
    rows = CountedFilters.narrow(rows, asked)
    word = ""
    if "counted" in asked:
        word, which = _KINDS[asked["counted"]]
        rows = rows.filter(which, is_dry_run=False)
    return rows, Counted(word=word, since=asked.get("since"), until=asked.get("until"))


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The addresses of the executions behind the figures of one row: ``behind["failed"]``."""

    since: datetime
    until: datetime | None = None
    """``None`` for what goes on."""
    runbook: str = ""
    """Its id, such as SERVICE_RESTART; empty for all."""
    server: str = ""
    """Its UUID; empty for all."""

    def __getitem__(self, kind: str) -> str:
        """Return the address of those of a kind. Raises ``KeyError`` for an unknown one."""
        if kind not in _KINDS:
            raise KeyError(kind)
        asked = {
            "counted": kind,
            "since": _written(self.since),
            "until": _written(self.until) if self.until else "",
            "runbook": self.runbook,
            "server": self.server,
        }
        query = urlencode({name: text for name, text in asked.items() if text}, safe=":")
        return f"{reverse('automation:execution_list')}?{query}"


def _written(moment: datetime) -> str:
    """Return a moment as short as an address can hold it: a day for its midnight in UTC."""
    text = moment.astimezone(UTC).isoformat().removesuffix("+00:00")
    return text.removesuffix("T00:00:00") if text.endswith("T00:00:00") else f"{text}Z"
