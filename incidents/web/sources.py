"""The pages of sources of alerts: connect one, see what came, try a mapping, renew, delete."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from incidents.models import Source
from incidents.selectors import sources as selectors
from incidents.services import sources
from incidents.services.sources import Made
from incidents.sources.registry import FORMS
from incidents.web.setup import setup_of
from incidents.web.source_forms import MappingForm, SecretForm, SourceForm
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.htmx import form_invalid, fragment, go_to, is_fragment
from opsmanager.common.problems import Problem

_RECENT: Final = 20
_PAGE: Final = "incidents/source_detail.html"
_MAPPING: Final = "incidents/partials/_source_mapping.html"


@require_GET
def source_list(request: HttpRequest) -> HttpResponse:
    """Show where alerts come from, and what is wrong there."""
    _require(request)
    rows = selectors.with_waiting(selectors.visible_to(request.user))
    context = {"sources": [(row, FORMS[row.kind]) for row in rows], "forms": FORMS.values()}
    return render(request, "incidents/source_list.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def source_new(request: HttpRequest) -> HttpResponse:
    """Ask for the kind, then for the rest (GET); or make it and show its token once (POST)."""
    _require(request)
    kind = FORMS.get(request.GET.get("kind", ""))
    if kind is None:
        return render(request, "incidents/source_kinds.html", {"forms": FORMS.values()})
    form = SourceForm(kind, request.POST) if request.method == "POST" else SourceForm(kind)
    if request.method == "POST" and form.is_valid():
        try:
            made = sources.create(actor=user_of(request), kind=kind.kind, **form.cleaned_data)
        except Problem as problem:
            _put_errors(form, problem)
        else:
            return _made(request, made)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "incidents/source_new.html", {"form": form, "kind": kind}, status=status)


@require_GET
def source_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one source: how it is set up, what came lately, and the mapping to try."""
    return render(request, _PAGE, _context(selectors.get(request.user, pk)))


@require_POST
def source_mapping(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show which alerts a body makes (``do`` is try), or keep the mapping (save)."""
    source = selectors.get(request.user, pk)
    form = MappingForm(source, FORMS[source.kind], request.POST)
    context = {**_context(source), "mapping_form": form}
    if form.is_valid() and request.POST.get("do") == "save":
        sources.change(actor=user_of(request), source=source, mapping=form.mapping())
        messages.success(request, "The mapping is saved. It counts for what comes from now on.")
        return go_to(request, "incidents:source_detail", pk=pk)
    if form.is_valid() and (alerts := _tried(request, source, form)) is not None:
        context["tried"] = alerts
        if is_fragment(request):
            return fragment(request, _MAPPING, context)
        return render(request, _PAGE, context)
    return form_invalid(request, page=_PAGE, partial=_MAPPING, context=context)


@never_cache
@require_POST
def source_rotate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a new token or secret and show it once; or take the sender's own."""
    source = selectors.get(request.user, pk)
    if not FORMS[source.kind].brings_secret:
        return _made(request, sources.rotate(actor=user_of(request), source=source))
    form = SecretForm(request.POST)
    if form.is_valid():
        sources.rotate(actor=user_of(request), source=source, **form.cleaned_data)
        messages.success(request, "The secret is kept. What is signed with it is taken now.")
        return go_to(request, "incidents:source_detail", pk=pk)
    context = {**_context(source), "secret_form": form}
    return render(request, _PAGE, context, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_POST
def source_end_previous(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Refuse the token or secret before the present one."""
    sources.end_previous(actor=user_of(request), source=selectors.get(request.user, pk))
    messages.success(request, "Only the newest one is taken now.")
    return go_to(request, "incidents:source_detail", pk=pk)


@require_POST
def source_switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Switch it on (``on`` is 1) or off."""
    is_on = request.POST.get("on") == "1"
    source = sources.change(
        actor=user_of(request), source=selectors.get(request.user, pk), is_active=is_on
    )
    said = "takes alerts again" if is_on else "is switched off: all that it sends is refused"
    messages.success(request, f"{source.name} {said}.")
    return go_to(request, "incidents:source_detail", pk=pk)


@require_POST
def source_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete it; its incidents stay."""
    source = selectors.get(request.user, pk)
    sources.delete(actor=user_of(request), source=source)
    messages.success(request, f"{source.name} is deleted. Its incidents stay.")
    return go_to(request, "incidents:source_list")


def _require(request: HttpRequest) -> None:
    permissions.require(request.user, roles.MANAGE_SOURCES, sources.MAY_NOT)


def _context(source: Source) -> dict[str, Any]:
    form = FORMS[source.kind]
    return {
        "source": source,
        "kind": form,
        "setup": setup_of(source),
        "deliveries": selectors.deliveries(source)[:_RECENT],
        "mapping_form": MappingForm(source, form),
        "secret_form": SecretForm() if form.brings_secret else None,
    }


def _made(request: HttpRequest, made: Made) -> HttpResponse:
    """Show the new token or secret this once; where there is none to show, the source's page."""
    source = made.source
    if not (made.token or made.secret):
        return go_to(request, "incidents:source_detail", pk=source.pk)
    context = {
        "source": source,
        "kind": FORMS[source.kind],
        "text": made.token or made.secret,
        "setup": setup_of(source, token=made.token, secret=made.secret),
    }
    return render(request, "incidents/source_made.html", context)


def _tried(request: HttpRequest, source: Source, form: MappingForm) -> list[Any] | None:
    """Return the alerts of what was pasted; ``None`` where the form says now what is wrong."""
    try:
        return sources.tried(
            actor=user_of(request),
            kind=source.kind,
            mapping=form.mapping() if form.is_mapped else {},
            payload=form.body(),
        )
    except (ValueError, RecursionError):
        form.add_error("payload", "This is no JSON. Paste a body as it is sent.")
    except Problem as problem:
        form.add_error("payload", problem.message)
    return None


def _put_errors(form: SourceForm, problem: Problem) -> None:
    names = {"graceMinutes": "grace_minutes"}
    placed = {names.get(name, name): said for name, said in problem.details.items()}
    if not placed or set(placed) - set(form.fields):
        form.add_error(None, problem.message)
        return
    for name, said in placed.items():
        form.add_error(name, said)
