"""What people do about an incident on its page."""

import re
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from automation.selectors import executions
from incidents.models import Incident
from incidents.selectors import incidents as selectors
from incidents.selectors import placing
from incidents.services import incidents, runs
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import go_to
from opsmanager.common.problems import Problem
from servers.services import servers

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAY_NOT_NAME: Final = "Only administrators may name servers. Ask one of them."


@require_POST
def incident_acknowledge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that somebody looks at it."""
    incidents.acknowledge(actor=user_of(request), incident=_incident(request, pk))
    return _done(request, pk, "Acknowledged: others see that you look at it.")


@require_POST
def incident_resolve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that it is over, and why."""
    incidents.resolve(
        actor=user_of(request),
        incident=_incident(request, pk),
        reason=request.POST.get("reason", ""),
    )
    return _done(request, pk, "Resolved.")


@require_POST
def incident_reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that it is not over after all."""
    incidents.reopen(
        actor=user_of(request),
        incident=_incident(request, pk),
        reason=request.POST.get("reason", ""),
    )
    return _done(request, pk, "Open again.")


@require_POST
def incident_take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take it (``on`` is 1), or leave it to others."""
    incident, user = _incident(request, pk), user_of(request)
    is_taken = request.POST.get("on") == "1"
    incidents.assign(actor=user, incident=incident, to=user if is_taken else None)
    return _done(request, pk, "It is yours." if is_taken else "Nobody has it now.")


@require_POST
def incident_note(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write a note into the timeline."""
    text = request.POST.get("text", "")
    incidents.note(actor=user_of(request), incident=_incident(request, pk), text=text)
    return _done(request, pk, "Noted.")


@require_POST
def incident_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that an execution, by its id or its page's address, was for it or was not (``off``)."""
    incident, user = _incident(request, pk), user_of(request)
    found = _UUID.search(request.POST.get("execution", ""))
    if found is None:
        raise Problem("Paste the address of the execution's page, or its id.")
    execution = executions.get(user, found[0])
    if request.POST.get("off") == "1":
        runs.unlink(actor=user, incident=incident, execution=execution)
        return _done(request, pk, "Taken off.")
    runs.link(actor=user, incident=incident, execution=execution)
    return _done(request, pk, "Linked.")


@require_POST
def incident_alias(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Call the incident's server by a name that its labels say, from now on."""
    incident, user = _incident(request, pk), user_of(request)
    permissions.require(user, roles.MANAGE_SERVERS, _MAY_NOT_NAME)
    name, server = request.POST.get("name", ""), incident.server
    if server is None or name not in placing.new_names(incident.labels, server):
        raise Problem("The incident has no such name to give, or no server to give it to.")
    servers.save(actor=user, server=server, aliases=[*server.aliases, name])
    return _done(request, pk, f"Alerts for {name} are about {server.name} from now on.")


def _incident(request: HttpRequest, pk: UUID) -> Incident:
    return selectors.get(request.user, pk)


def _done(request: HttpRequest, pk: UUID, said: str) -> HttpResponse:
    messages.success(request, said)
    return go_to(request, "incidents:incident_detail", pk=pk)
