"""The calls of the growth benchmark: each list, detail, filter, ordering, search and deep page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.growth_rows import FREQUENT, NOWHERE, RARE, SOME

API: Final = "/api/v1/"
EVERYBODY: Final = ("ADMIN", "NOC")
ADMINS: Final = ("ADMIN",)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A GET that is measured; ``{...}`` in the path is an id that the benchmark looks up."""

    path: str
    roles: tuple[str, ...] = EVERYBODY

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people."""
        return not self.path.startswith(API)


def calls() -> Iterator[Call]:
    """Return all calls."""
    for path in _lists():
        yield Call(path=API + path)
    for path in _ADMINISTRATION:
        yield Call(path=API + path, roles=ADMINS)
    for path in _PAGES:
        yield Call(path=path)
    for path in _ADMIN_PAGES:
        yield Call(path=path, roles=ADMINS)


def _lists() -> Iterator[str]:
    yield from _DETAILS
    for path, orderings in _ORDERED.items():
        yield path
        for field in orderings:
            yield f"{path}?ordering={field}"
            yield f"{path}?ordering=-{field}"
    for query in (*_FILTERS, *(f"search={text}" for text in _TEXTS), *_SEARCHED):
        yield f"automation/executions?{query}"
    yield from _OTHERS
    yield from (f"automation/analytics/{query}" for query in _ANALYTICS)
    yield from (f"automation/logs?search={text}" for text in (FREQUENT, RARE, NOWHERE))
    yield from ("reports/handover", "reports/handover?hours=24")


_DETAILS: Final = (
    "auth/me",
    "automation/runbooks/SERVICE_RESTART",
    "automation/executions/{execution}",
    "automation/executions/{waiting}",
    "automation/executions/{execution}/logs",
    "automation/executions/{execution}/logs?after=5&stepNumber=2",
    "automation/executions/{execution}/rollback",
    "automation/batches/{batch}",
    "servers/{server}",
    "servers/groups/{group}",
)
_ORDERED: Final = {
    "automation/runbooks": ("title", "runbookId", "category"),
    "automation/executions": ("queuedAt", "startedAt", "finishedAt", "status"),
    "automation/batches": ("createdAt",),
    "servers": ("name", "hostname", "createdAt"),
    "servers/groups": ("name",),
}
_FILTERS: Final = (
    "limit=100",
    "page=4000",
    "page=5000&limit=20",
    "page=1000&limit=100&ordering=-finishedAt",
    "page=2500&ordering=status",
    "status=FAILED",
    "status=FAILED&page=90",
    "status=SUCCESS",
    "status=SUCCESS&page=4000",
    "status=FAILED,TIMEOUT,UNKNOWN",
    "status=PENDING",
    "verdict=FIXED",
    "verdict=NOT_FIXED&status=SUCCESS",
    "serverId={server}",
    "runbookId=SERVICE_RESTART",
    "runbookId=SERVICE_RESTART&serverId={server}",
    "runbookId=SERVICE_RESTART&status=FAILED&isDryRun=false",
    "incidentId={incident}",
    "batchId={batch}",
    "triggeredBy=MANUAL",
    "triggeredBy=SCHEDULED&status=FAILED",
    "isDryRun=true",
    "isDryRun=false",
    "startDate={month_ago}",
    "startDate={month_ago}&endDate={week_ago}&status=FAILED",
    "endDate={month_ago}&serverId={server}",
    "startDate={month_ago}&ordering=-finishedAt",
    "status=FAILED&ordering=startedAt",
    "serverId={server}&ordering=-finishedAt&page=40",
)
_TEXTS: Final = (
    FREQUENT,
    SOME,
    RARE,
    NOWHERE,
    "web-1",
    "SERVICE_RESTART",
    "restart",
    "a",
    "n",
    "ng",
    "10.0.7.7",
    "nginx.service failed",
    f"web {SOME}",
    "{execution}",
)
_SEARCHED: Final = (
    f"search={FREQUENT}&page=50",
    f"search={FREQUENT}&ordering=finishedAt",
    f"search={FREQUENT}&status=SUCCESS&verdict=FIXED",
    f"search={FREQUENT}&serverId={{server}}",
    f"search={SOME}&status=TIMEOUT",
    f"search={SOME}&ordering=-startedAt",
    f"search={SOME}&startDate={{month_ago}}",
    f"search={RARE}&ordering=status",
    f"search={NOWHERE}&status=FAILED",
)
_OTHERS: Final = (
    "automation/batches?page=50",
    "automation/batches?isDryRun=true",
    "automation/batches?runbookId=SERVICE_RESTART",
    "automation/runbooks?search=restart",
    "automation/runbooks?category=RECOVERY&platform=LINUX",
    "servers?search=web",
    "servers?search=rack3",
    "servers?environment=PRODUCTION&isActive=true",
    "servers?groupId={group}&limit=100",
)
_ANALYTICS: Final = tuple(
    f"{name}?{query}"
    for name in ("success-rate", "execution-time", "most-used", "summary")
    for query in ("", "groupBy=day", "groupBy=month", "runbookId=SERVICE_RESTART&groupBy=week")
)
_ADMINISTRATION: Final = (
    "servers/credentials",
    "audit/events",
    *(
        f"audit/events?ordering={sign}{field}"
        for field in ("seq", "at", "verb", "actorName", "outcome")
        for sign in ("", "-")
    ),
    "audit/events?page=8000",
    "audit/events?page=2000&limit=100",
    "audit/events?verb=SERVER_UPDATED",
    "audit/events?verb=AUTOMATION_EXECUTION_STARTED&outcome=FAILED",
    "audit/events?outcome=REFUSED",
    "audit/events?actor=operator-7",
    "audit/events?actor=WORKER:worker-1",
    "audit/events?targetId={execution}",
    "audit/events?targetType=Execution&targetId={execution}",
    "audit/events?address=10.1.7.7",
    "audit/events?startDate={month_ago}&endDate={week_ago}",
    "audit/events?startDate={month_ago}&outcome=FAILED",
    *(
        f"audit/events?search={text}"
        for text in (FREQUENT, SOME, RARE, NOWHERE, "web-1", "EXECUTION_STARTED", "a", "op")
    ),
    "audit/events?search={execution}",
    f"audit/events?search={FREQUENT}&outcome=FAILED&ordering=-at",
    f"audit/events?search={SOME}&verb=SERVER_UPDATED",
    f"audit/events?search={RARE}&startDate={{month_ago}}",
)
_PAGES: Final = (
    "/",
    "/now/",
    "/handover/?hours=24",
    "/runbooks/",
    "/runbooks/SERVICE_RESTART/",
    "/executions/",
    "/executions/?page=4000",
    f"/executions/?search={FREQUENT}",
    f"/executions/?search={SOME}&status=FAILED",
    "/executions/{execution}/",
    "/executions/{execution}/state/",
    "/executions/{execution}/log/",
    "/batches/",
    "/batches/{batch}/",
    "/servers/",
    "/servers/{server}/",
    "/incidents/",
    "/incidents/?status=all",
    "/incidents/?status=all&page=700",
    "/incidents/?status=RESOLVED",
    *(f"/incidents/?status=all&search={text}" for text in (FREQUENT, SOME, RARE, NOWHERE, "web-1")),
    "/incidents/{incident}/",
)
_ADMIN_PAGES: Final = (
    "/audit/",
    f"/audit/?search={FREQUENT}",
    f"/audit/?search={SOME}&outcome=FAILED",
    f"/audit/?search={NOWHERE}",
    "/audit/?actor=operator-7",
)
