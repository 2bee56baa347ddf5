"""Where something runs, a server or a group: the fields, and what has to be confirmed there."""

from contextlib import suppress
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from automation.models import CatalogEntry
from automation.selectors import access, approvals, runbooks
from automation.services.workflow_checks import Risks
from automation.web import confirmation
from automation.web.run_form import ParameterForm, ServerField
from opsmanager.accounts import permissions
from opsmanager.common.htmx import fragment
from opsmanager.common.problems import NotFound, Problem
from opsmanager.common.uuids import as_uuid
from servers.models import Server, ServerGroup
from servers.selectors import groups, servers

PREFIX: Final = "own"
"""Before the names of the fields: a runbook may have a parameter that is called ``name``."""
BY_WIRE_NAME: Final = {
    "name": "name",
    "serverId": "server",
    "serverIds": "server",
    "serverGroupId": "group",
    "cronExpression": "cron_expression",
    "timezone": "timezone",
    "maxParallel": "max_parallel",
}
"""The names of fields by what the API calls them."""


class PlaceForm(forms.Form):
    """A server or a server group."""

    prefix = PREFIX
    key_is_spent = False

    server = ServerField(queryset=Server.objects.none(), required=False, empty_label="No server")
    group = forms.ModelChoiceField(
        queryset=ServerGroup.objects.none(),
        required=False,
        empty_label="No group",
        label="Server group",
    )

    def __init__(
        self, *args: Any, user: permissions.Actor, entry: CatalogEntry | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if entry is None:  # a workflow says itself where it runs
            return
        offered: dict[str, Any] = {
            "server": access.servers_for(user, entry).order_by("name"),
            "group": groups.visible_to(user),
        }
        for name, rows in offered.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    def clean(self) -> dict[str, Any]:
        """Refuse two places at once."""
        values = super().clean() or {}
        if values.get("server") and values.get("group"):
            self.add_error("group", "Choose a server or a group, not both.")
        return values

    def chosen(self) -> tuple[Server | None, ServerGroup | None]:
        """Return the server and the group that the form shows as chosen, valid or not yet."""
        found = []
        for name in ("server", "group"):
            field, pk = self.fields[name], as_uuid(str(self[name].value() or ""))
            rows = field.queryset if isinstance(field, forms.ModelChoiceField) else None
            found.append(rows.filter(pk=pk).first() if rows is not None and pk else None)
        return found[0], found[1]

    def take_refusal(self, problem: Problem, parameters: ParameterForm | None = None) -> None:
        """Show why nothing was done, beside the fields where it concerns one."""
        own: dict[str, list[str]] = {}
        rest: dict[str, list[str]] = {}
        for wire, sentences in problem.details.items():
            if isinstance(sentences, list):
                name = BY_WIRE_NAME.get(wire, "")
                place = own if name in self.fields else rest
                place[name or wire.removeprefix("parameters.")] = sentences
        for name, sentences in own.items():
            self.add_error(name, sentences)
        known = parameters.described if parameters is not None else {}
        of_parameters = {name: said for name, said in rest.items() if name in known}
        if parameters is not None:
            parameters.refuse(of_parameters)
        if not own and not of_parameters:
            self.add_error(None, problem.shown)


def where(
    user: permissions.Actor, server: Server | None, group: ServerGroup | None
) -> list[Server]:
    """Return the servers of a place, as far as the user may see them."""
    if server is not None:
        return [server]
    return list(groups.members(user, group)) if group is not None else []


def to_confirm(entry: CatalogEntry, servers_there: list[Server]) -> dict[str, Any]:
    """Return what the part of the form shows that asks whether it is meant."""
    return {
        **confirmation.to_confirm(_risks(entry, servers_there)),
        "guarded": [
            server
            for server in servers_there
            if approvals.needed_for(entry, server, changes=entry.changes)
        ],
    }


def require_meant(request: HttpRequest, entry: CatalogEntry, servers_there: list[Server]) -> bool:
    """Raise :class:`ConfirmationNeeded` unless what is risky was confirmed on the page.

    Return whether there was anything to confirm.
    """
    return confirmation.require_meant(request, _risks(entry, servers_there))


def _risks(entry: CatalogEntry, servers_there: list[Server]) -> Risks:
    return Risks(
        dangerous={entry.title: None} if entry.dangerous else {},
        production={server.pk: server for server in servers_there if server.is_production},
    )


@require_GET
def confirm_place(request: HttpRequest) -> HttpResponse:
    """Answer a choice of place: what has to be typed or ticked before this runs there."""
    access.require_running(request.user)
    entry = runbooks.get(request.user, request.GET.get("runbook", ""))
    server = as_uuid(request.GET.get(f"{PREFIX}-server", ""))
    group = as_uuid(request.GET.get(f"{PREFIX}-group", ""))
    there: list[Server] = []
    # One that was deleted while the page was open is told of once the form is sent.
    with suppress(NotFound):
        there = where(
            request.user,
            servers.get(request.user, server) if server else None,
            groups.get(request.user, group) if group else None,
        )
    return fragment(request, "automation/partials/_confirm_place.html", to_confirm(entry, there))
