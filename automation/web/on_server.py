"""What happens on one server, for its page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from automation.selectors import on_server
from opsmanager.accounts import permissions, roles
from opsmanager.common.htmx import fragment, nothing_new
from servers.selectors import servers


@require_GET
def server_now(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer the poll for what runs and waits there: nothing while nothing is new."""
    permissions.require_view(request.user, roles.VIEW_EXECUTIONS)
    server = servers.get(request.user, pk)
    if request.GET.get("seen") == on_server.seen(request.user, server):
        return nothing_new()
    context = {"server": server, "now": on_server.now(request.user, server)}
    return fragment(request, "automation/partials/_server_now.html", context)
