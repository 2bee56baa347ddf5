"""Trying a rule against past incidents: what it would have done, as far as the past can tell."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone

from automation import workflows
from automation.engine.results import Verdict
from automation.models import CatalogEntry, Execution
from automation.selectors import runbooks
from automation.services import conditions, workflow_checks
from automation.services.conditions import check
from incidents import matching
from incidents.matching import Condition
from incidents.models import Incident, RemediationRule
from incidents.selectors import incidents
from incidents.services import plans
from incidents.services.guards import HOUR
from incidents.services.plans import Plan
from opsmanager.accounts import permissions
from servers.models import Server, ServerGroup

MOST: Final = 500
MOST_DAYS: Final = 365


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What the rule would have done about one incident that it fits."""

    incident: Incident
    server: Server | None
    parameters: dict[str, Any]
    held_by: Sequence[Condition]
    """The guards that would have held it back; without any it would have started."""
    runs: Sequence[Execution]
    """What was really run for it, dry runs apart."""

    @property
    def would_start(self) -> bool:
        """Whether nothing would have held it back."""
        return not self.held_by

    @property
    def was_fixed(self) -> bool:
        """Whether something that was really run fixed it."""
        return any(run.verdict == Verdict.FIXED for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class TryOut:
    """What a rule would have done."""

    days: int
    looked_at: int
    """How many incidents were looked at."""
    is_cut: bool
    """Whether there were more, which are older."""
    tried: Sequence[Tried] = field(default_factory=list)
    """Those that it fits, newest first."""

    @property
    def would_start(self) -> int:
        """How many times it would have started."""
        return sum(each.would_start for each in self.tried)

    @property
    def held(self) -> int:
        """How many times it would have been held back."""
        return len(self.tried) - self.would_start


def try_rule(user: permissions.Actor, rule: RemediationRule, *, days: int = 30) -> TryOut:
    """Return what the rule, saved or not, would have done about the incidents of the last days.

    Those that the user may see, 500 at most. Limits in time are replayed, oldest first; what can't
    be known any more (whether others ran, or the breaker) is passed over. Nothing is stored.
    """
    since = timezone.now() - timedelta(days=days)
    rows = list(
        incidents.visible_to(user)
        .filter(opened_at__gte=since)
        .prefetch_related(Prefetch("server__groups", ServerGroup.objects.only("pk", "name")))[
            : MOST + 1
        ]
    )
    looked = rows[:MOST]
    fitting = [row for row in looked if _fits(rule, row)]
    runs = _runs_for([row.pk for row in fitting])
    past = _Past(rule)
    tried = [past.replay(row, runs[row.pk]) for row in reversed(fitting)]
    return TryOut(
        days=days, looked_at=len(looked), is_cut=len(rows) > MOST, tried=list(reversed(tried))
    )


def _fits(rule: RemediationRule, incident: Incident) -> bool:
    groups = {group.pk for group in incident.server.groups.all()} if incident.server else set()
    return all(condition.holds for condition in matching.conditions(rule, incident, groups))


def _runs_for(wanted: Sequence[UUID]) -> dict[UUID | None, list[Execution]]:
    found: dict[UUID | None, list[Execution]] = defaultdict(list)
    rows = Execution.objects.filter(incident_id__in=wanted, is_dry_run=False)
    for row in rows.select_related("runbook").order_by("queued_at"):
        found[row.incident_id].append(row)
    return found


class _Past:
    """The course of time, in which limits count what would have been started before."""

    def __init__(self, rule: RemediationRule) -> None:
        self._rule = rule
        self._action = plans.action_of(rule)
        self._started: list[datetime] = []
        self._on: dict[UUID, datetime] = {}

    def replay(self, incident: Incident, runs: Sequence[Execution]) -> Tried:
        """Return what it would have done about an incident, later than those before."""
        plan = plans.plan(self._rule, incident)
        held = [guard for guard in self._guards(incident, plan) if not guard.holds]
        if not held and plan.server is not None:
            self._started.append(incident.opened_at)
            self._on[plan.server.pk] = incident.opened_at
        return Tried(
            incident=incident,
            server=plan.server,
            parameters=plan.parameters,
            held_by=held,
            runs=runs,
        )

    def _guards(self, incident: Incident, plan: Plan) -> list[Condition]:
        server = plan.server
        found = [
            _guard("serverFound", plan.no_server),
            _guard("parametersFilled", plan.no_parameters),
        ]
        if not plan.no_parameters:
            found.append(_checked("parametersValid", lambda: self._parsed(plan)))
        runbook = self._action
        if server is not None and isinstance(runbook, CatalogEntry):
            found.append(
                _checked(
                    "serverCompatibility", lambda: conditions.require_compatible(runbook, server)
                )
            )
            found.append(self._cooled_down(runbook, incident, server))
        tended = "Its server was in maintenance." if incident.in_maintenance else ""
        found.append(_guard("notInMaintenance", tended))
        if not self._rule.acts_while_flapping:
            flaps = "It opens and resolves again and again." if incident.is_flapping else ""
            found.append(_guard("notFlapping", flaps))
        found.append(self._in_an_hour(incident))
        return found

    def _parsed(self, plan: Plan) -> None:
        """Raise unless what it runs takes the parameters."""
        if isinstance(self._action, CatalogEntry):
            template = self._rule.template
            kept = template.secret_parameters if template else None
            kind = runbooks.code_of(self._action)
            conditions.parsed(kind, plan.parameters, kept=kept.names if kept else ())
        else:
            definition = workflows.parsed(self._action.definition)
            workflow_checks.inputs_of(definition, plan.parameters)

    def _cooled_down(self, runbook: CatalogEntry, incident: Incident, server: Server) -> Condition:
        minutes = runbook.cooldown_minutes
        last = self._on.get(server.pk)
        cooling = last is not None and incident.opened_at - last < timedelta(minutes=minutes)
        said = f"It would have run there less than {minutes} min before." if cooling else ""
        return _guard("rateLimitOk", said)

    def _in_an_hour(self, incident: Incident) -> Condition:
        within = [at for at in self._started if at > incident.opened_at - HOUR]
        full = len(within) >= self._rule.per_hour
        said = f"It would have started {len(within)} within the hour before." if full else ""
        return _guard("perHour", said)


def _guard(name: str, why_not: str) -> Condition:
    return Condition(name=name, holds=not why_not, message=why_not)


def _checked(name: str, condition: Any) -> Condition:
    found = check(name, condition)
    return _guard(name, found.problem.message if found.problem else "")
