"""Remediation rules: made, changed, switched and deleted, each with its line in the trail."""

from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now

from automation.models import CatalogEntry
from automation.selectors import access, runbooks, workflows
from incidents.models import UNRESOLVED, Incident, RemediationRule, RuleMode
from incidents.services import rule_fields
from incidents.services.plans import runbook_of
from incidents.services.remediation import hold_rule
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common.problems import ConfirmationNeeded, Invalid
from servers.models import Environment, Server

MAY_NOT: Final = "Only administrators may change remediation rules. Ask one of them."
_SHOWN: Final = 3


@transaction.atomic
def save(
    *,
    actor: User,
    rule: RemediationRule | None = None,
    is_confirmed: bool = False,
    **fields: Any,
) -> RemediationRule:
    """Make a rule, which is off, or change one; from then on it may do what the actor may.

    ``fields`` are those of ``rule_fields.FIELDS``. ``is_confirmed`` says that an automatic rule is
    meant where that is asked for. Raises :class:`NotPermitted`, :class:`Invalid`,
    :class:`Conflict`, :class:`ConfirmationNeeded`.
    """
    permissions.require(actor, roles.MANAGE_RULES, MAY_NOT)
    row = _held(rule) if rule else RemediationRule(mode=RuleMode.OFF)
    changed = rule_fields.put(row, fields)
    _require_own(actor, row)
    if row.mode == RuleMode.AUTOMATIC:
        require_confirmation(row, is_confirmed=is_confirmed)
        row.is_confirmed = is_confirmed
    row.owner = actor
    row.save()
    if rule is None or changed:
        trail.record(
            "INCIDENT_RULE_UPDATED" if rule else "INCIDENT_RULE_CREATED",
            actor=actor,
            target=row,
            changed={name: _told(value) for name, value in changed.items()},
        )
    _ask_about_open(row)
    return row


@transaction.atomic
def set_mode(
    *, actor: User, rule: RemediationRule, mode: str, is_confirmed: bool = False
) -> RemediationRule:
    """Switch a rule; it is asked about what is open at once, and may do what the actor may.

    Raises :class:`NotPermitted`, :class:`Invalid` for an unknown mode,
    :class:`ConfirmationNeeded` for an automatic rule that is dangerous or in production.
    """
    permissions.require(actor, roles.MANAGE_RULES, MAY_NOT)
    if mode not in RuleMode.values:
        said = f"Use one of {', '.join(RuleMode.values)}."
        raise Invalid(said, details={"mode": [said]})
    row = _held(rule)
    before = row.mode
    if mode != RuleMode.OFF:
        _require_own(actor, row)
        row.owner = actor
    if mode == RuleMode.AUTOMATIC:
        require_confirmation(row, is_confirmed=is_confirmed)
    row.mode = mode
    row.is_confirmed = is_confirmed and mode == RuleMode.AUTOMATIC
    row.save(update_fields=["mode", "is_confirmed", "owner", "updated_at"])
    trail.record(
        "INCIDENT_RULE_MODE_CHANGED",
        actor=actor,
        target=row,
        mode=row.mode,
        before=before,
        confirmed=row.is_confirmed,
    )
    _ask_about_open(row)
    return row


@transaction.atomic
def delete(*, actor: User, rule: RemediationRule) -> None:
    """Delete a rule and what it decided; what it started stays."""
    permissions.require(actor, roles.MANAGE_RULES, MAY_NOT)
    row = _held(rule)
    trail.record("INCIDENT_RULE_DELETED", actor=actor, target=row)
    row.delete()


def require_confirmation(rule: RemediationRule, *, is_confirmed: bool) -> None:
    """Raise :class:`ConfirmationNeeded` for what is dangerous or in production, unconfirmed."""
    reasons = risks(rule)
    if reasons and not is_confirmed:
        raise ConfirmationNeeded(
            f"{' '.join(reasons)} Say that you mean it (confirm: true).",
            details={"confirm": reasons},
        )


def risks(rule: RemediationRule) -> list[str]:
    """Return why it has to be meant that the rule starts by itself, a sentence each."""
    runbooks_ = _runbooks_of(rule)
    said = [f"{runbook.title} is dangerous." for runbook in runbooks_ if runbook.dangerous]
    # A workflow says itself where it runs, which may be known only then.
    group = None if rule.workflow else rule.server_group
    servers = group.servers.all() if group else Server.objects.all()
    found = servers.filter(
        is_active=True,
        environment=Environment.PRODUCTION,
        platform__in={name for runbook in runbooks_ for name in runbook.platforms},
    )
    names = list(found.order_by("name").values_list("name", flat=True)[: _SHOWN + 1])
    if names:
        more = " and others" if len(names) > _SHOWN else ""
        said.append(f"It may act in production: on {', '.join(names[:_SHOWN])}{more}.")
    return said


def _held(rule: RemediationRule) -> RemediationRule:
    """Return the rule as it is now, and let nothing be decided for it in this transaction."""
    hold_rule(rule.pk)
    return RemediationRule.objects.select_related(
        "runbook", "template__runbook", "template__secret_parameters", "workflow", "server_group"
    ).get(pk=rule.pk)


def _require_own(actor: User, rule: RemediationRule) -> None:
    """Raise unless the actor may do what the rule does: also by a token that may do less."""
    access.require_running(actor)
    permissions.require(actor, roles.OPERATE_SERVERS, MAY_NOT)
    for runbook in _runbooks_of(rule):
        for permission in runbooks.code_of(runbook).required_permissions:
            permissions.require(
                actor, permission, f"{runbook.title} also needs the permission {permission}."
            )


def _runbooks_of(rule: RemediationRule) -> list[CatalogEntry]:
    """Return all that it may run."""
    return workflows.runbooks_of(rule.workflow) if rule.workflow else [runbook_of(rule)]


def _ask_about_open(rule: RemediationRule) -> None:
    if rule.mode == RuleMode.OFF:
        return
    Incident.objects.filter(status__in=UNRESOLVED).update(look_again_at=Now())


def _told(value: Any) -> Any:
    return value if isinstance(value, bool | int | str | list | dict) else str(value or "")
