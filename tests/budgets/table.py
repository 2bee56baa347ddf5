"""How many queries each list and detail may take: as many with few rows as with many.

A number here is a promise, not a wish: it is what the call takes now, the queries that find out who
asks included. A route of the API without an entry fails the test.
"""

from dataclasses import dataclass
from typing import Final

from tests.budgets.world import World

API: Final = "/api/v1/"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What is asked for, and the queries that it may take."""

    path: str
    """``{}`` in it is the key of a row of the world."""
    row: str
    admin: int
    noc: int | None
    """``None`` where NOC may not ask."""
    status: int = 200

    @property
    def name(self) -> str:
        """What a failure says."""
        return self.path.format(f"<{self.row}>")

    def url(self, world: World) -> str:
        """Return the address."""
        return self.path.format(getattr(world, self.row).pk) if self.row else self.path

    def of(self, role: str) -> int | None:
        """Return how many queries a role may cause."""
        return self.admin if role == "admin" else self.noc


def api(path: str, row: str = "", *, admin: int, noc: int | None, status: int = 200) -> Budget:
    """Return the budget of an endpoint."""
    return Budget(path=API + path, row=row, admin=admin, noc=noc, status=status)


def page(path: str, row: str = "", *, admin: int, noc: int | None) -> Budget:
    """Return the budget of a page."""
    return Budget(path=path, row=row, admin=admin, noc=noc)


WITHOUT_ROWS: Final = {
    "api/v1/schema/": "describes the code",
    "api/v1/docs/": "a page for the description",
    "api/v1/redoc/": "a page for the description",
    "api/v1/<anything:rest>": "there is nothing",
    "api/v1/automation/executions/<uuid:pk>/logs/stream": "asks again and again, each time once",
}
"""Endpoints that need no budget, and why."""

ENDPOINTS: Final[dict[str, tuple[Budget, ...]]] = {
    "api/v1/auth/me": (api("auth/me", admin=1, noc=1),),
    "api/v1/auth/tokens": (api("auth/tokens", admin=3, noc=3),),
    "api/v1/auth/tokens/<uuid:pk>": (api("auth/tokens/{}", "token", admin=2, noc=None),),
    "api/v1/reports/handover": (
        api("reports/handover", admin=23, noc=23),
        api("reports/handover?hours=24", admin=23, noc=23),
    ),
    "api/v1/reports/handover/export": (api("reports/handover/export", admin=23, noc=23),),
    "api/v1/automation/logs": (
        api("automation/logs?search=echo", admin=8, noc=8),
        api("automation/logs?search=echo&runbookId=SAMPLE_MENDING", admin=9, noc=9),
    ),
    "api/v1/automation/analytics/success-rate": (
        api("automation/analytics/success-rate", admin=2, noc=2),
        api("automation/analytics/success-rate?runbookId=SAMPLE_MENDING", admin=3, noc=3),
    ),
    "api/v1/automation/analytics/execution-time": (
        api("automation/analytics/execution-time", admin=3, noc=3),
    ),
    "api/v1/automation/analytics/most-used": (
        api("automation/analytics/most-used?groupBy=day", admin=8, noc=8),
    ),
    "api/v1/automation/analytics/summary": (api("automation/analytics/summary", admin=6, noc=6),),
    "api/v1/notifications/channels": (api("notifications/channels", admin=3, noc=None),),
    "api/v1/notifications/channels/<uuid:pk>": (
        api("notifications/channels/{}", "channel", admin=2, noc=None),
    ),
    "api/v1/notifications/deliveries": (
        api("notifications/deliveries", admin=3, noc=None),
        api("notifications/deliveries?search=failed&state=FAILED", admin=3, noc=None),
    ),
    "api/v1/notifications/deliveries/<uuid:pk>": (
        api("notifications/deliveries/{}", "delivery", admin=2, noc=None),
    ),
    "api/v1/notifications/events": (api("notifications/events", admin=1, noc=None),),
    "api/v1/audit/events": (
        api("audit/events", admin=3, noc=None),
        api("audit/events?search=server&ordering=-verb&actor=admin", admin=7, noc=None),
    ),
    "api/v1/audit/verify": (api("audit/verify", admin=7, noc=None),),
    "api/v1/automation/runbooks": (
        api("automation/runbooks", admin=4, noc=4),
        api("automation/runbooks?search=s&limit=100", admin=4, noc=4),
    ),
    "api/v1/automation/runbooks/<str:key>": (
        api("automation/runbooks/SAMPLE_MENDING", admin=7, noc=7),
    ),
    "api/v1/automation/executions": (
        api("automation/executions", admin=6, noc=6),
        api("automation/executions?limit=100&status=PENDING", admin=6, noc=6),
        api("automation/executions?search=server", admin=12, noc=12),
        api("automation/executions?runbookId=SAMPLE_MENDING", admin=7, noc=7),
    ),
    "api/v1/automation/executions/<uuid:pk>": (
        api("automation/executions/{}", "execution", admin=1, noc=1),
        api("automation/executions/{}", "waiting", admin=7, noc=7),
    ),
    "api/v1/automation/executions/<uuid:pk>/logs": (
        api("automation/executions/{}/logs", "execution", admin=1, noc=1),
    ),
    "api/v1/automation/executions/<uuid:pk>/rollback": (
        api("automation/executions/{}/rollback", "execution", admin=2, noc=2),
    ),
    "api/v1/automation/batches": (
        api("automation/batches", admin=4, noc=4),
        api("automation/batches?runbookId=SAMPLE_MENDING", admin=5, noc=5),
    ),
    "api/v1/automation/batches/<uuid:pk>": (api("automation/batches/{}", "batch", admin=9, noc=9),),
    "api/v1/incidents/sources": (api("incidents/sources", admin=3, noc=None),),
    "api/v1/incidents/sources/<uuid:pk>": (
        api("incidents/sources/{}", "source", admin=2, noc=None),
    ),
    "api/v1/incidents/sources/<uuid:pk>/deliveries": (
        api("incidents/sources/{}/deliveries", "source", admin=4, noc=None),
    ),
    "api/v1/automation/approvals": (
        api("automation/approvals", admin=5, noc=5),
        api("automation/approvals?mine=true&state=PENDING", admin=5, noc=1),
    ),
    "api/v1/automation/approvals/<uuid:pk>": (
        api("automation/approvals/{}", "approval", admin=4, noc=4),
    ),
    "api/v1/automation/workflows": (
        api("automation/workflows", admin=3, noc=3),
        api("automation/workflows?search=look&isActive=true", admin=3, noc=3),
    ),
    "api/v1/automation/workflows/<uuid:pk>": (
        api("automation/workflows/{}", "workflow", admin=2, noc=2),
    ),
    "api/v1/automation/workflows/<uuid:pk>/export": (
        api("automation/workflows/{}/export", "workflow", admin=2, noc=2),
    ),
    "api/v1/automation/workflow-runs": (
        api("automation/workflow-runs", admin=4, noc=4),
        api("automation/workflow-runs?search=look&status=RUNNING", admin=4, noc=4),
    ),
    "api/v1/automation/workflow-runs/<uuid:pk>": (
        api("automation/workflow-runs/{}", "workflow_run", admin=4, noc=4),
    ),
    "api/v1/automation/templates": (
        api("automation/templates", admin=3, noc=3),
        api("automation/templates?search=t&runbookId=SAMPLE_MENDING", admin=4, noc=4),
    ),
    "api/v1/automation/templates/<uuid:pk>": (
        api("automation/templates/{}", "template", admin=2, noc=2),
    ),
    "api/v1/automation/schedules": (
        api("automation/schedules", admin=3, noc=3),
        api("automation/schedules?search=t&runbookId=SAMPLE_MENDING", admin=4, noc=4),
    ),
    "api/v1/automation/schedules/<uuid:pk>": (
        api("automation/schedules/{}", "schedule", admin=3, noc=3),
    ),
    "api/v1/automation/schedules/<uuid:pk>/slots": (
        api("automation/schedules/{}/slots", "schedule", admin=4, noc=4),
    ),
    "api/v1/automation/remediation-rules": (
        api("automation/remediation-rules", admin=3, noc=3),
        api("automation/remediation-rules?search=rule&mode=AUTOMATIC", admin=3, noc=3),
    ),
    "api/v1/automation/remediation-rules/breakers": (
        api("automation/remediation-rules/breakers?isOpen=true", admin=3, noc=3),
    ),
    "api/v1/automation/remediation-rules/<uuid:pk>": (
        api("automation/remediation-rules/{}", "rule", admin=3, noc=3),
    ),
    "api/v1/automation/remediation-rules/<uuid:pk>/decisions": (
        api("automation/remediation-rules/{}/decisions", "rule", admin=4, noc=4),
    ),
    "api/v1/incidents/<uuid:pk>/why": (api("incidents/{}/why", "incident", admin=16, noc=16),),
    "api/v1/servers": (
        api("servers", admin=4, noc=4),
        api("servers?search=server", admin=4, noc=4),
        api("servers?groupId={}", "group", admin=4, noc=4),
    ),
    "api/v1/incidents": (
        api("incidents", admin=3, noc=3),
        api("incidents?search=down&isOpen=true&ordering=-severity", admin=8, noc=8),
    ),
    "api/v1/incidents/<uuid:pk>": (api("incidents/{}", "incident", admin=2, noc=2),),
    "api/v1/incidents/<uuid:pk>/timeline": (
        api("incidents/{}/timeline", "incident", admin=4, noc=4),
    ),
    "api/v1/incidents/<uuid:pk>/suggestions": (
        api("incidents/{}/suggestions", "incident", admin=5, noc=5),
    ),
    "api/v1/servers/groups": (api("servers/groups", admin=3, noc=3),),
    "api/v1/servers/groups/<uuid:pk>": (api("servers/groups/{}", "group", admin=2, noc=2),),
    "api/v1/servers/credentials": (api("servers/credentials", admin=3, noc=None),),
    "api/v1/servers/credentials/<uuid:pk>": (
        api("servers/credentials/{}", "credential", admin=2, noc=None),
    ),
    "api/v1/servers/<uuid:pk>": (api("servers/{}", "server", admin=3, noc=3),),
    # No worker answers here, which is asked for and not waited for.
    "api/v1/servers/<uuid:pk>/host-key": (
        api("servers/{}/host-key", "server", admin=6, noc=7, status=503),
    ),
}
"""By route; a list also with filters that look something up."""

PAGES: Final[tuple[Budget, ...]] = (
    page("/", admin=24, noc=22),
    page("/now/", admin=21, noc=19),
    page("/handover/", admin=23, noc=23),
    page("/handover.md", admin=23, noc=23),
    page("/executions/", admin=3, noc=3),
    page("/executions/?search=server", admin=9, noc=9),
    page("/executions/{}/compare/", "execution", admin=4, noc=4),
    page("/executions/{}/compare/?with=previous", "waiting", admin=14, noc=14),
    page("/servers/{}/compare/", "server", admin=3, noc=3),
    page("/executions/{}/", "execution", admin=6, noc=6),
    page("/executions/{}/", "waiting", admin=9, noc=9),
    page("/executions/{}/log/", "execution", admin=3, noc=3),
    page("/executions/{}/log/rows/?from=1&to=999", "execution", admin=4, noc=4),
    page("/executions/{}/log/1/stdout/", "execution", admin=3, noc=3),
    page("/executions/{}/log/1/stdout.txt", "execution", admin=3, noc=3),
    page("/executions/{}/log.txt", "execution", admin=2, noc=2),
    page("/executions/?counted=failed&since=2026-01-01", admin=3, noc=3),
    page("/logs/?search=echo", admin=10, noc=10),
    page("/analytics/", admin=14, noc=14),
    page("/analytics/?runbook=SAMPLE_MENDING", admin=13, noc=13),
    page("/batches/", admin=4, noc=4),
    page("/batches/{}/", "batch", admin=8, noc=8),
    page("/runbooks/", admin=3, noc=3),
    page("/runbooks/SAMPLE_MENDING/", admin=6, noc=6),
    page("/runbooks/SAMPLE_MENDING/server/?server={}", "server", admin=4, noc=4),
    page("/runbooks/SAMPLE_MENDING/batch/", admin=5, noc=5),
    page("/approvals/", admin=5, noc=5),
    page("/approvals/?search=mend", admin=5, noc=5),
    page("/approvals/{}/", "approval", admin=8, noc=7),
    page("/templates/", admin=4, noc=4),
    page("/templates/{}/", "template", admin=6, noc=6),
    page("/templates/new/?runbook=SAMPLE_MENDING", admin=4, noc=None),
    page("/workflows/", admin=3, noc=3),
    page("/workflows/{}/", "workflow", admin=2, noc=2),
    page("/workflows/{}/edit/", "workflow", admin=5, noc=None),
    page("/workflows/{}/run/", "workflow", admin=2, noc=2),
    page("/workflow-runs/", admin=4, noc=4),
    page("/workflow-runs/{}/", "workflow_run", admin=3, noc=3),
    page("/workflows/{}/export.yaml", "workflow", admin=2, noc=2),
    page("/schedules/", admin=3, noc=3),
    page("/schedules/{}/", "schedule", admin=6, noc=6),
    page("/schedules/new/?runbook=SAMPLE_MENDING", admin=4, noc=None),
    page("/servers/", admin=5, noc=5),
    page("/servers/?state=needs&order=checked&group={}", "group", admin=5, noc=5),
    page("/servers/{}/now/", "server", admin=8, noc=8),
    page("/servers/groups/", admin=3, noc=3),
    page("/servers/{}/", "server", admin=15, noc=14),
    page("/incidents/", admin=3, noc=3),
    page("/incidents/?status=all&search=down", admin=8, noc=8),
    page("/incidents/sources/", admin=2, noc=None),
    page("/incidents/sources/{}/", "source", admin=3, noc=None),
    page("/notifications/", admin=2, noc=None),
    page("/notifications/{}/", "channel", admin=6, noc=None),
    page("/notifications/deliveries/", admin=4, noc=None),
    page("/notifications/deliveries/{}/", "delivery", admin=2, noc=None),
    page("/incidents/{}/", "incident", admin=23, noc=23),
    page("/rules/", admin=3, noc=3),
    page("/rules/{}/", "rule", admin=6, noc=5),
    page("/rules/{}/?days=90", "rule", admin=9, noc=8),
    page("/audit/", admin=3, noc=None),
    page("/audit/?search=server", admin=3, noc=None),
    page("/account/", admin=5, noc=5),
)
