"""Every page, derived from the URL map: a route that is neither here nor excused fails a test."""

from dataclasses import dataclass
from typing import Final

from django.contrib import admin

from tests.access.table import TABLE
from tests.support.routes import routes

NO_PAGES: Final = {
    "now/": "a part of the home page",
    "executions/<uuid:pk>/state/": "a part of the monitor",
    "executions/<uuid:pk>/log/": "a part of the monitor",
    "batches/<uuid:pk>/state/": "a part of the batch's page",
    "servers/<uuid:pk>/check/": "a part of the server's page",
    "servers/<uuid:pk>/host-key/": "a part of the server's page",
    ".well-known/jwks.json": "for programs",
    "healthz": "for programs",
    "readyz": "for programs",
    "login/": "seen without a login, in a test of its own",
    "logout/": "a button",
}
"""Routes that answer to GET and are no page of somebody signed in, and why."""

OF_ONE: Final = {
    "runbooks/<str:runbook_id>/": "runbook",
    "runbooks/<str:runbook_id>/batch/": "runbook",
    "executions/<uuid:pk>/": "execution",
    "executions/<uuid:pk>/rollback/": "execution",
    "executions/<uuid:pk>/delete/": "execution",
    "batches/<uuid:pk>/": "batch",
    "incidents/<uuid:pk>/": "incident",
    "servers/<uuid:pk>/": "server",
    "servers/<uuid:pk>/edit/": "server",
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
    Sight(route="runbooks/", query="?search=nothing+like+it"),
    Sight(route="executions/", query="?search=nothing+like+it"),
    Sight(route="executions/<uuid:pk>/", thing="failed"),
    Sight(route="executions/<uuid:pk>/", thing="dry run"),
    Sight(route="incidents/", query="?status=all"),
    Sight(route="incidents/", query="?search=nothing+like+it"),
    Sight(route="audit/", query="?search=nothing+like+it"),
    Sight(route="servers/", query="?search=nothing+like+it"),
    Sight(route="servers/<uuid:pk>/", thing="unknown server"),
)
"""The same pages with other things on them, or with none."""


NOT_OURS: Final = {
    "django_celery_beat": "its pages hold inline scripts and fields without labels of its own",
}
"""Apps of the Django admin whose pages are not looked at, and why."""


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
        f"{model._meta.app_label}/{model._meta.model_name}"
        for model in admin.site._registry
        if model._meta.app_label not in NOT_OURS
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
