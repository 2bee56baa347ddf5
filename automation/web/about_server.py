"""What the run form says once a server is chosen: what keeps it waiting, and what is there."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from automation.engine.descriptions import describe
from automation.engine.kinds import Suggests
from automation.models import CatalogEntry
from automation.selectors import access, approvals, cooldown, runbooks
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import fragment, nothing_new
from opsmanager.common.problems import NotFound
from opsmanager.common.uuids import as_uuid
from servers.models import ProbeKind, Server
from servers.selectors import probes as looks
from servers.services import probes

_PARTIAL = "automation/partials/_about_server.html"
WORDS: Final[dict[str, str]] = {
    Suggests.UNITS: "systemd units",
    Suggests.FILE_SYSTEMS: "file systems",
    Suggests.PROCESSES: "running programs",
}
"""What a parameter may name of a server, in words."""


@require_http_methods(["GET", "POST"])
def runbook_server(request: HttpRequest, runbook_id: str) -> HttpResponse:
    """Have a worker read what the chosen server has (POST), or say what it found (GET, the poll).

    Nothing is read for a runbook that names nothing of a server.
    """
    entry = runbooks.get(request.user, runbook_id)
    access.require_running(request.user)
    sent = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" and not sent.get("server"):
        return fragment(request, _PARTIAL, context(entry, None))
    server = operable(request, entry, sent.get("server", ""))
    if server is None:
        raise NotFound("There is no such server, or you may not run this there.")
    if request.method == "POST" and _kinds(entry):
        probes.request_contents(
            actor=user_of(request), server=server, again=bool(sent.get("again"))
        )
    found = context(entry, server)
    if request.method == "GET" and found["is_reading"]:
        return nothing_new()
    return fragment(request, _PARTIAL, found)


def operable(request: HttpRequest, entry: CatalogEntry, key: str) -> Server | None:
    """Return the server of that id, if the user may run this runbook there."""
    pk = as_uuid(key)
    return access.servers_for(request.user, entry).filter(pk=pk).first() if pk else None


def context(entry: CatalogEntry, server: Server | None) -> dict[str, Any]:
    """Return what the partial says of the server; of none it says nothing."""
    kinds = _kinds(entry)
    needed = approvals.needed_for(entry, server, changes=entry.changes)
    found: dict[str, Any] = {
        "runbook": entry,
        "chosen_server": server,
        "is_reading": False,
        "approvals": approvals.people(needed) if needed else "",
    }
    if server is None:
        return found
    found["cooldown_seconds"] = cooldown.seconds_left(entry, server)
    if not kinds:
        return found
    look = looks.last_look(server, ProbeKind.CONTENTS)
    lists = {kind: look.found[kind] for kind in kinds if look.found.get(kind)}
    return {
        **found,
        "is_reading": look.pending,
        "look": look,
        "lists": lists,
        "told": [f"{len(pairs)} {WORDS[kind]}" for kind, pairs in lists.items()],
        "untold": [WORDS[kind] for kind in kinds if kind not in lists],
        "wanted": [WORDS[kind] for kind in kinds],
    }


def _kinds(entry: CatalogEntry) -> list[str]:
    """Return what of a server the runbook's parameters name, each once."""
    described = describe(runbooks.code_of(entry))
    return list(dict.fromkeys(each.suggests for each in described if each.suggests))
