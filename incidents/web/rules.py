"""The pages of rules: which incidents start what, with which guards, and what came of it."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation.models import WorkflowRun
from automation.selectors import runbooks, workflows
from incidents.models import RemediationRule, RuleMode
from incidents.selectors import breakers as stopped
from incidents.selectors import decisions, drafts, incidents
from incidents.selectors import rules as selectors
from incidents.services import breakers, plans, rules, suggested, tryout
from incidents.web.rule_form import ACTION, CONDITIONS, RuleForm, initial_of
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.filters import Filters, choice
from opsmanager.common.form_key import key_of
from opsmanager.common.htmx import form_invalid, go_to
from opsmanager.common.problems import Problem
from servers.selectors import servers

_PAGE: Final = 50
_DECISIONS: Final = 25
_SPANS: Final = (7, 30, 90)


@require_GET
def rule_list(request: HttpRequest) -> HttpResponse:
    """Show the rules in the order in which they are asked."""
    permissions.require_view(request.user, roles.VIEW_RULES)
    text, mode = request.GET.get("search", ""), request.GET.get("mode", "")
    rows = selectors.search(selectors.visible_to(request.user), text)
    if mode in RuleMode.values:
        rows = rows.filter(mode=mode)
    page = Paginator(selectors.with_counts(rows), _PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "may_change": permissions.may(request.user, roles.MANAGE_RULES),
        "filters": Filters(
            url="incidents:rule_list",
            table="rule_table",
            hint="Search rules",
            search=text,
            choices=(choice(request.GET, "mode", "Mode", _modes(), everything="Any mode"),),
        ),
    }
    return render(request, "incidents/rule_list.html", context)


@require_http_methods(["GET", "POST"])
def rule_new(request: HttpRequest) -> HttpResponse:
    """Make a rule, from nothing or from an incident."""
    permissions.require(request.user, roles.MANAGE_RULES, rules.MAY_NOT)
    key = request.GET.get("incident", "")
    incident = incidents.get(request.user, key) if key and request.method == "GET" else None
    draft = drafts.of_incident(request.user, incident) if incident else RemediationRule()
    return _edit(request, None, initial_of(draft))


@require_http_methods(["GET", "POST"])
def rule_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a rule."""
    rule = selectors.get(request.user, pk)
    permissions.require(request.user, roles.MANAGE_RULES, rules.MAY_NOT)
    return _edit(request, rule, initial_of(rule))


@require_GET
def rule_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one rule: how it stands, what it would have done, what it decided, where it stopped."""
    rule = selectors.get(request.user, pk)
    may_change = permissions.may(request.user, roles.MANAGE_RULES)
    days = request.GET.get("days", "")
    span = int(days) if days in map(str, _SPANS) else None
    context = {
        "rule": selectors.with_counts(selectors.visible_to(request.user)).get(pk=rule.pk),
        "runbook": None if rule.workflow else plans.runbook_of(rule),
        "starts": plans.title_of(plans.action_of(rule)),
        "modes": _modes(),
        "risks": rules.risks(rule) if may_change else [],
        "spans": _SPANS,
        "days": span,
        "try_out": tryout.try_rule(request.user, rule, days=span) if span else None,
        "decisions": decisions.of_rule(request.user, rule)[:_DECISIONS],
        "breakers": stopped.visible_to(request.user).filter(rule=rule)[:_DECISIONS],
        "may_change": may_change,
        "may_manage": permissions.may(request.user, roles.MANAGE_INCIDENTS),
    }
    return render(request, "incidents/rule_detail.html", context)


@require_POST
def rule_mode(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Switch a rule."""
    rule = rules.set_mode(
        actor=user_of(request),
        rule=selectors.get(request.user, pk),
        mode=request.POST.get("mode", ""),
        is_confirmed=request.POST.get("confirm") == "on",
    )
    label = RuleMode(rule.mode).label
    messages.success(request, f"{rule.name}: {label[0].lower()}{label[1:]}.")
    return go_to(request, "incidents:rule_detail", pk=pk)


@require_POST
def rule_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a rule."""
    rule = selectors.get(request.user, pk)
    rules.delete(actor=user_of(request), rule=rule)
    messages.success(request, f"{rule.name} is deleted.")
    return go_to(request, "incidents:rule_list")


@require_POST
def rule_rearm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a rule act on a server again."""
    rule = selectors.get(request.user, pk)
    server = servers.get(request.user, request.POST.get("server", ""))
    breakers.rearm(
        actor=user_of(request), rule=rule, server=server, reason=request.POST.get("reason", "")
    )
    messages.success(request, f"{rule.name} may act on {server.name} again.")
    return go_to(request, "incidents:rule_detail", pk=pk)


@require_POST
def rule_start(request: HttpRequest, pk: UUID, rule_pk: UUID) -> HttpResponse:
    """Run what a rule suggests for an incident."""
    incident = incidents.get(request.user, pk)
    started = suggested.start(
        actor=user_of(request),
        rule=selectors.get(request.user, rule_pk),
        incident=incident,
        idempotency_key=key_of(request),
    )
    if isinstance(started, WorkflowRun):
        return go_to(request, "automation:workflow_run", pk=started.pk)
    return go_to(request, "automation:execution_detail", pk=started.pk)


def _edit(
    request: HttpRequest, rule: RemediationRule | None, initial: dict[str, Any]
) -> HttpResponse:
    known = runbooks.visible_to(request.user).order_by("title")
    form = RuleForm(
        request.POST or None,
        runbooks=known,
        workflows=workflows.visible_to(request.user),
        initial=initial,
    )
    context = {
        "form": form,
        "rule": rule,
        "conditions": CONDITIONS,
        "action": ACTION,
        "wants_confirmation": rule is not None and rule.mode == RuleMode.AUTOMATIC,
    }
    if request.method == "GET":
        return render(request, "incidents/rule_form.html", context)
    if form.is_valid():
        try:
            saved = rules.save(
                actor=user_of(request),
                rule=rule,
                is_confirmed=request.POST.get("confirm") == "on",
                **form.cleaned_data,
            )
        except Problem as problem:
            form.take(problem)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return go_to(request, "incidents:rule_detail", pk=saved.pk)
    return form_invalid(
        request,
        page="incidents/rule_form.html",
        partial="incidents/partials/_rule_form.html",
        context=context,
    )


def _modes() -> list[tuple[str, str]]:
    return [(value, label.partition(":")[0]) for value, label in RuleMode.choices]
