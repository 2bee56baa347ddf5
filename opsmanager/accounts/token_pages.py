"""The pages on which people make and revoke their API tokens."""

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from opsmanager.accounts import api_tokens, roles
from opsmanager.accounts.models import ApiToken, User
from opsmanager.accounts.requests import user_of
from opsmanager.accounts.token_form import ApiTokenForm
from opsmanager.common.htmx import go_to
from opsmanager.common.problems import Problem


@dataclass(frozen=True, kw_only=True)
class Line:
    """A token, and in a few words what it is limited to."""

    token: ApiToken
    may: str
    where: str


@never_cache
@require_http_methods(["GET", "POST"])
def token_new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new API token (GET), or make it and show its text this once (POST)."""
    user = user_of(request)
    if request.method == "GET":
        return _form(request, ApiTokenForm(user), status=HTTPStatus.OK)
    form = ApiTokenForm(user, request.POST)
    if form.is_valid():
        try:
            made = api_tokens.create(
                user,
                name=form.cleaned_data["name"],
                limits=form.limits(),
                expires_at=form.expires_at(),
            )
        except Problem as problem:
            said = [text for texts in problem.details.values() for text in texts]
            for text in said or [problem.message]:
                form.add_error(None, text)
        else:
            context = {"line": line(made.token), "secret": made.secret}
            return render(request, "accounts/api_token_made.html", context)
    return _form(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_POST
def token_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Revoke one of one's API tokens."""
    user = user_of(request)
    token = api_tokens.get(user, pk)
    api_tokens.revoke(token, by=user)
    messages.success(request, f"{token.name} is revoked: it lets nobody in any more.")
    return go_to(request, "account")


def lines(user: User) -> list[Line]:
    """Return the user's tokens that were not revoked, the newest first."""
    rows = ApiToken.objects.filter(user=user, revoked_at=None).order_by("-created_at", "-pk")
    return [line(token) for token in rows]


def line(token: ApiToken) -> Line:
    """Return a token with its limits in words."""
    return Line(token=token, may=_may(token), where=_where(token))


def _may(token: ApiToken) -> str:
    if token.permissions is None:
        return "may all that you may"
    if all(map(roles.only_looks, token.permissions)):
        return "may only look"
    return f"has {_several(len(token.permissions), 'permission')}"


def _where(token: ApiToken) -> str:
    if not token.is_limited_to_servers:
        return "on every server"
    servers, groups = len(token.server_ids or ()), len(token.group_ids or ())
    parts = [_several(servers, "server")] if servers or not groups else []
    if groups:
        parts.append(f"the servers of {_several(groups, 'group')}")
    return f"on {' and '.join(parts)}"


def _several(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _form(request: HttpRequest, form: ApiTokenForm, *, status: int) -> HttpResponse:
    return render(request, "accounts/api_token_new.html", {"form": form}, status=status)
