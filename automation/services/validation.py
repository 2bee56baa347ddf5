"""Trying a launch without launching: each condition, whether it holds, and why not."""

from collections.abc import Mapping
from typing import Any

from automation.models import CatalogEntry
from automation.selectors import access, approvals, runbooks
from automation.services import conditions
from automation.services.conditions import Check, check
from opsmanager.accounts.models import User
from opsmanager.common.problems import Problem
from servers.models import ProbeKind, Server
from servers.selectors import maintenance
from servers.services import probes


def validate(
    *, actor: User, entry: CatalogEntry, server: Server, parameters: Mapping[str, Any]
) -> list[Check]:
    """Check whether the runbook could be run on the server now, a login to it included."""
    kind = runbooks.code_of(entry)
    return [
        check("serverCompatibility", lambda: conditions.require_compatible(entry, server)),
        check("permissions", lambda: access.require_launch(actor, entry, kind, server)),
        check("rateLimitOk", lambda: conditions.require_cooled_down(entry, server)),
        check("parametersValid", lambda: conditions.parsed(kind, parameters)),
        check("serverReachable", lambda: _require_reachable(actor, server)),
    ]


def _require_reachable(actor: User, server: Server) -> None:
    probe = probes.wait(probes.request(actor=actor, server=server, kind=ProbeKind.CHECK))
    if not probe.reachable:
        raise Problem(probe.message, code=probe.error_code)


def warnings(entry: CatalogEntry, server: Server) -> list[str]:
    """Return what a person should know before launching, though nothing forbids it."""
    said = []
    if entry.dangerous:
        said.append(f"{entry.title} is dangerous: it wants a confirmation.")
    if server.is_production:
        said.append(f"{server.name} is a production server: it wants a confirmation.")
    needed = approvals.needed_for(entry, server, changes=entry.changes)
    if needed:
        said.append(f"It waits for the approval of {approvals.people(needed)} before it runs.")
    tended = maintenance.of(server)
    if tended is not None:
        said.append(f"{tended}: somebody may be working on it.")
    return said
