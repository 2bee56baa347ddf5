"""Remediation rules as pages and clients ask for them."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from incidents.models import DecisionOutcome, RemediationRule, RuleBreaker, RuleDecision, RuleMode
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound

LATELY = timedelta(days=30)
"""What counts as of late, in the numbers beside a rule."""


def visible_to(user: permissions.Actor) -> QuerySet[RemediationRule]:
    """Return the rules, in the order in which they are asked, for who may see them."""
    rows = RemediationRule.objects.select_related(
        "runbook", "template__runbook", "workflow", "server_group", "owner"
    ).order_by("rank", "name")
    return rows if permissions.may(user, roles.VIEW_RULES) else rows.none()


def get(user: permissions.Actor, pk: UUID | str) -> RemediationRule:
    """Return a rule that the user may see. Raises :class:`NotFound`."""
    rule = visible_to(user).filter(pk=pk).first()
    if rule is None:
        raise NotFound("There is no such rule, or you may not see it.")
    return rule


def asked() -> QuerySet[RemediationRule]:
    """Return the rules that are asked about incidents, in their order."""
    return (
        RemediationRule.objects.exclude(mode=RuleMode.OFF)
        .select_related("runbook", "template__runbook", "template__secret_parameters", "owner")
        .select_related("workflow", "server_group")
        .order_by("rank", "name")
    )


def with_counts(rows: QuerySet[RemediationRule]) -> QuerySet[RemediationRule]:
    """Add how many incidents each fits of late, what it started and fixed, its open breakers."""
    lately = RuleDecision.objects.filter(rule=OuterRef("pk"), at__gt=Now() - LATELY).order_by()
    ended = Q(outcome=DecisionOutcome.STARTED, did_fix__isnull=False)
    return rows.annotate(
        fits_lately=_count(lately, Count("incident", distinct=True)),
        started_lately=_count(lately, Count("pk", filter=Q(outcome=DecisionOutcome.STARTED))),
        ended_lately=_count(lately, Count("pk", filter=ended)),
        fixed_lately=_count(lately, Count("pk", filter=ended & Q(did_fix=True))),
        open_breakers=_count(
            RuleBreaker.objects.filter(rule=OuterRef("pk"), rearmed_at=None), Count("pk")
        ),
    )


def search(rows: QuerySet[RemediationRule], text: str) -> QuerySet[RemediationRule]:
    """Return the rows whose name, description or what they start contains the text."""
    text = text.strip()
    if not text:
        return rows
    return rows.filter(
        Q(name__icontains=text)
        | Q(description__icontains=text)
        | Q(runbook__title__icontains=text)
        | Q(template__name__icontains=text)
        | Q(workflow__name__icontains=text)
    )


def _count(rows: QuerySet[RuleDecision] | QuerySet[RuleBreaker], count: Count) -> Coalesce:
    counted = rows.values(of=F("rule")).annotate(count=count).values("count")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())
