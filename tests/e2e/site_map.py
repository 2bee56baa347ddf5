"""Every page, derived from the URL map: a route that is neither here nor excused fails a test."""

from dataclasses import dataclass
from typing import Final

from django.contrib import admin

from tests.access.table import TABLE
from tests.support.routes import routes

NO_PAGES: Final = {
    "now/": "a part of the home page",
    "handover.md": "a file",
    "executions/<uuid:pk>/compare/step/": "a part of the page that compares",
    "executions/<uuid:pk>/state/": "a part of the monitor",
    "executions/<uuid:pk>/log/": "a part of the monitor",
    "executions/<uuid:pk>/log/rows/": "a part of the monitor",
    "executions/<uuid:pk>/log/<int:seq>/<str:stream>/": "a part of the monitor",
    "executions/<uuid:pk>/log/<int:seq>/<str:stream>.txt": "a file",
    "executions/<uuid:pk>/log.txt": "a file",
    "runbooks/<str:runbook_id>/server/": "a part of the runbook's page",
    "batches/<uuid:pk>/state/": "a part of the batch's page",
    "notifications/<uuid:pk>/test/": "a part of the channel's page",
    "incidents/<uuid:pk>/state/": "a part of the incident's page",
    "servers/<uuid:pk>/check/": "a part of the server's page",
    "servers/<uuid:pk>/now/": "a part of the server's page",
    "servers/<uuid:pk>/host-key/": "a part of the server's page",
    "workflows/<uuid:pk>/export.<str:form>": "a file",
    "workflow-runs/<uuid:pk>/state/": "a part of the page of the run",
    "confirm-place/": "a part of the forms of schedules and templates",
    "schedules/preview/": "a part of the form of a schedule",
    ".well-known/jwks.json": "for programs",
    "healthz": "for programs",
    "readyz": "for programs",
    "metrics": "for programs",
    "login/": "seen without a login, in a test of its own",
    "login/sso/answer/": "where the provider of single sign-on sends people back to",
    "logout/": "a button",
}
"""Routes that answer to GET and are no page of somebody signed in, and why."""

OF_ONE: Final = {
    "runbooks/<str:runbook_id>/": "runbook",
    "runbooks/<str:runbook_id>/batch/": "runbook",
    "executions/<uuid:pk>/": "execution",
    "executions/<uuid:pk>/compare/": "execution",
    "executions/<uuid:pk>/rollback/": "execution",
    "executions/<uuid:pk>/delete/": "execution",
    "batches/<uuid:pk>/": "batch",
    "approvals/<uuid:pk>/": "approval",
    "templates/<uuid:pk>/": "template",
    "templates/<uuid:pk>/edit/": "template",
    "templates/<uuid:pk>/delete/": "template",
    "workflows/<uuid:pk>/": "workflow",
    "workflows/<uuid:pk>/edit/": "workflow",
    "workflows/<uuid:pk>/run/": "workflow",
    "workflow-runs/<uuid:pk>/": "workflow run",
    "workflows/<uuid:pk>/delete/": "workflow",
    "schedules/<uuid:pk>/": "schedule",
    "schedules/<uuid:pk>/edit/": "schedule",
    "schedules/<uuid:pk>/delete/": "schedule",
    "incidents/<uuid:pk>/": "incident",
    "incidents/sources/<uuid:pk>/": "source",
    "rules/<uuid:pk>/": "rule",
    "rules/<uuid:pk>/edit/": "rule",
    "notifications/<uuid:pk>/": "channel",
    "notifications/deliveries/<uuid:pk>/": "delivery",
    "incidents/<uuid:pk>/edit/": "incident",
    "servers/<uuid:pk>/": "server",
    "servers/<uuid:pk>/compare/": "server",
    "servers/<uuid:pk>/edit/": "server",
    "servers/<uuid:pk>/maintenance/": "server",
    "servers/groups/<uuid:pk>/maintenance/": "group",
    "audit/<int:seq>/": "event",
}
"""Pages of single things: the name of the thing, as ``things`` of conftest has it."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A page, with what is asked of it."""

    route: str
    thing: str = ""
    query: str = ""

    @property
    def name(self) -> str:
        """What a failure says."""
        return f"/{self.route}{self.query}" + (f" of {self.thing}" if self.thing else "")

    def path(self, things: dict[str, str]) -> str:
        """Return its path, with the thing that it is about."""
        before, has_one, after = self.route.partition("<")
        one = things[self.thing] if has_one else ""
        return f"/{before}{one}{after.partition('>')[2]}{self.query}"

    def status(self, persona: str) -> int:
        """Return the answer that the table of access gives to the persona."""
        return TABLE[self.route].expected("GET", persona)


MORE: Final = (
    Sight(route="handover/", query="?hours=24"),
    Sight(route="handover/", query="?hours=9999"),
    Sight(route="logs/", query="?search=service"),
    Sight(route="logs/", query="?search=nothing+like+it"),
    Sight(route="logs/", query="?search=x"),
    Sight(route="runbooks/", query="?search=nothing+like+it"),
    Sight(route="approvals/", query="?search=nothing+like+it"),
    Sight(route="approvals/<uuid:pk>/", thing="bypassed"),
    Sight(route="templates/", query="?search=nothing+like+it"),
    Sight(route="templates/new/", query="?runbook=SERVICE_RESTART"),
    Sight(route="workflows/", query="?search=nothing+like+it"),
    Sight(route="workflow-runs/", query="?search=nothing+like+it"),
    Sight(route="schedules/", query="?search=nothing+like+it"),
    Sight(route="schedules/new/", query="?runbook=SERVICE_RESTART"),
    Sight(route="executions/", query="?search=nothing+like+it"),
    Sight(route="executions/<uuid:pk>/", thing="failed"),
    Sight(route="executions/<uuid:pk>/", thing="dry run"),
    Sight(route="executions/<uuid:pk>/compare/", thing="execution", query="?with=previous"),
    Sight(route="incidents/", query="?status=all"),
    Sight(route="incidents/", query="?search=nothing+like+it"),
    Sight(route="incidents/sources/new/", query="?kind=generic"),
    Sight(route="rules/", query="?search=nothing+like+it"),
    Sight(route="rules/<uuid:pk>/", thing="rule", query="?days=30"),
    Sight(route="notifications/deliveries/", query="?search=nothing+like+it"),
    Sight(route="audit/", query="?search=nothing+like+it"),
    Sight(route="servers/", query="?search=nothing+like+it"),
    Sight(route="servers/<uuid:pk>/", thing="unknown server"),
)
"""The same pages with other things on them, or with none."""


def left_out() -> set[str]:
    """Return routes that show something and of which nobody has said what they are."""
    return {route for route in _shown() if "<" in route and route not in OF_ONE}


def sights() -> list[Sight]:
    """Return every page of ours."""
    pages = [
        Sight(route=route, thing=OF_ONE.get(route, "")) for route in sorted(_shown() - left_out())
    ]
    return [*pages, *MORE]


def admin_models() -> list[str]:
    """Return the models of the Django admin, such as ``servers/server``."""
    return sorted(
        f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry
    )


def _shown() -> set[str]:
    """Return the routes of ours that answer to GET with a page."""
    return {
        route
        for route in routes()
        if not route.startswith(("admin/", "api/"))
        and route not in NO_PAGES
        and (route not in TABLE or "GET" in TABLE[route].calls)
    }
