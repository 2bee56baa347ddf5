"""What happens on a server, for its page, which stands below automation and can't ask for it."""

from typing import Any

from django import template

from automation.selectors import on_server
from opsmanager.accounts import permissions, roles
from servers.models import Server

register = template.Library()


@register.inclusion_tag("automation/partials/_server_now.html", takes_context=True)
def server_now(context: dict[str, Any], server: Server) -> dict[str, Any]:
    """Show what runs and waits there, to who may see executions.

    ``{% server_now server %}``
    """
    user = context["request"].user
    may = permissions.may(user, roles.VIEW_EXECUTIONS)
    return {"server": server, "now": on_server.now(user, server) if may else None}
