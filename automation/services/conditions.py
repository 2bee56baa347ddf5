"""What must hold before anything is launched: a function each, which says why it doesn't."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from automation.engine import params
from automation.engine.errors import ParametersInvalid
from automation.engine.results import Status
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry, Execution
from automation.selectors import cooldown, runbooks
from automation.signals import incident_named
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.common import locks
from opsmanager.common.problems import (
    ConfirmationNeeded,
    CoolingDown,
    Invalid,
    InvalidState,
    Problem,
)
from servers.models import Server
from servers.selectors import maintenance


@dataclass(frozen=True, kw_only=True)
class Check:
    """One condition: its name in the API, whether it holds, and the problem where it doesn't."""

    name: str
    ok: bool
    problem: Problem | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what a refusal says of it."""
        said = self.problem.message if self.problem else ""
        return {"name": self.name, "holds": self.ok, "message": said}


def check(name: str, condition: Callable[[], object]) -> Check:
    """Return whether a condition holds: one that raises a :class:`Problem` doesn't."""
    try:
        condition()
    except Problem as problem:
        return Check(name=name, ok=False, problem=problem)
    return Check(name=name, ok=True)


def require_compatible(entry: CatalogEntry, server: Server) -> None:
    """Raise unless runbook and server are switched on and made for each other."""
    if not entry.is_active:
        raise InvalidState(
            f"{entry.title} is switched off. An administrator can switch it on in the admin.",
            code="RUNBOOK_INACTIVE",
        )
    if not server.is_active:
        raise InvalidState(
            f"{server.name} is switched off, so nothing runs there. Switch it on on its page.",
            code="SERVER_INACTIVE",
        )
    if server.platform not in entry.platforms:
        raise Invalid(
            f"{entry.title} is for {' and '.join(entry.platforms)}; {server.name} is "
            f"{server.platform}.",
            code="PLATFORM_MISMATCH",
        )


def parsed(runbook: type[Runbook], raw: Mapping[str, Any], *, kept: Iterable[str] = ()) -> Runbook:
    """Return the runbook with its parameters. Raises :class:`Invalid` with a list for each.

    ``kept`` are the names of secrets that an earlier launch gave; they are not needed again.
    """
    try:
        return params.parse(runbook, raw, kept=kept)
    except ParametersInvalid as problem:
        raise Invalid(str(problem), details=problem.details) from problem


def require_confirmation(entry: CatalogEntry, server: Server, *, is_confirmed: bool) -> None:
    """Raise :class:`ConfirmationNeeded` for what is dangerous or in production, unconfirmed."""
    reasons = []
    if entry.dangerous:
        reasons.append(f"{entry.title} is dangerous")
    if server.is_production:
        reasons.append(f"{server.name} is a production server")
    if reasons and not is_confirmed:
        raise ConfirmationNeeded(
            f"{' and '.join(reasons)}: say that you mean it (confirm: true).",
            details={"confirm": [f"{reason}." for reason in reasons]},
        )


def require_incident(actor: User, incident_id: UUID | None) -> None:
    """Raise unless what it is to be launched for is an incident that the actor may see."""
    if incident_id is not None:
        incident_named.send(sender=Execution, actor=actor, incident_id=incident_id)


def require_no_maintenance(server: Server) -> None:
    """Raise :class:`InvalidState` while somebody works on the server or on a group of it."""
    tended = maintenance.of(server)
    if tended is not None:
        raise InvalidState(
            f"{tended}: nothing runs there by itself until that ends.", code="IN_MAINTENANCE"
        )


def require_same(
    dry_run: Execution | None, entry: CatalogEntry, server: Server, parameters: Mapping[str, Any]
) -> None:
    """Raise unless a dry run that succeeded showed just this: runbook, server and parameters."""
    if dry_run is None:
        return
    if not dry_run.is_dry_run or Status(dry_run.status) is not Status.SUCCESS:
        raise InvalidState("Only a dry run that succeeded can be run exactly.")
    kind = runbooks.code_of(entry)
    same_place = (dry_run.runbook_id, dry_run.server_id) == (entry.pk, server.pk)
    # What its secrets were, nobody can read here.
    runbook = parsed(kind, parameters, kept=params.secret_names(kind))
    if not same_place or params.dump(runbook) != dry_run.parameters:
        raise Invalid(
            "The dry run was of something else: another runbook, server or parameters.",
            details={"dryRunId": ["Name the dry run of this very launch, or none."]},
        )


def require_cooled_down(entry: CatalogEntry, server: Server) -> None:
    """Raise :class:`CoolingDown` when the runbook ran on the server a short time ago.

    Inside a transaction the answer holds until it ends: of simultaneous launches one passes.
    """
    if not entry.cooldown_minutes:
        return
    locks.hold(f"cooldown:{entry.pk}:{server.pk}")
    left = cooldown.seconds_left(entry, server)
    if left:
        minutes, seconds = divmod(left, 60)
        raise CoolingDown(
            f"{entry.title} ran on {server.name} a short time ago. It may run again there in "
            f"{minutes} min {seconds} s.",
            details={
                "retryAfterSeconds": left,
                "cooldownMinutes": entry.cooldown_minutes,
            },
            retry_after=left,
        )


def require_force(actor: User, reason: str) -> None:
    """Raise unless the actor may pass over a cooldown, and says why."""
    permissions.require(
        actor,
        roles.FORCE_EXECUTIONS,
        "Only administrators may pass over a cooldown. Wait until it is over, or ask one.",
    )
    if not reason.strip():
        raise Invalid(
            "Say why the cooldown is to be passed over.",
            details={"reason": ["Give the reason; it is kept in the audit trail."]},
        )


def hold_idempotency_key(actor: User, key: str) -> None:
    """Let the launches of one user with one key come one after the other, in this transaction."""
    locks.hold(f"idempotency:{actor.pk}:{key}")
