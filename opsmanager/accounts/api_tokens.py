"""API tokens: made, used and revoked. A program acts by one as its user, within its limits.

What a user may is asked for anew with each request, so that a role that is taken takes the token
with it; the token itself only ever takes something away (:meth:`ApiToken.covers`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Q, QuerySet, UUIDField
from django.utils import timezone

from opsmanager.accounts import permissions as rights
from opsmanager.accounts import places, roles, signals, token_text
from opsmanager.accounts.along import Along, annotated
from opsmanager.accounts.models import ApiToken, User
from opsmanager.accounts.models.user import RIGHTS
from opsmanager.common import secrets_in_use
from opsmanager.common.compiled import Compiled
from opsmanager.common.problems import Conflict, Invalid, NotFound, NotPermitted

USUAL: Final = timedelta(days=90)
LONGEST: Final = timedelta(days=366)
MOST: Final = 50
"""Active ones of one user."""
_TOUCHED_EVERY: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(days=30)
_T = TypeVar("_T", str, UUID)


class ApiTokenRefused(Exception):
    """A text is no API token that lets somebody in; the message says why, to its holder."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a token may at most; ``None`` for all that its user may, or for every server."""

    permissions: Collection[str] | None = None
    server_ids: Collection[UUID] | None = None
    group_ids: Collection[UUID] | None = None


@dataclass(frozen=True, kw_only=True)
class Made:
    """A token just made, with the text that nobody sees again."""

    token: ApiToken
    secret: str = field(repr=False)


@transaction.atomic
def create(user: User, *, name: str, limits: Limits, expires_at: datetime | None = None) -> Made:
    """Make a token for the user, for 90 days unless ``expires_at`` says otherwise.

    Raises :class:`Invalid`, :class:`NotPermitted` for a program, :class:`Conflict` for too many.
    """
    require_person(user)
    now = timezone.now()
    expires_at = expires_at or now + USUAL
    _require_soon(expires_at, now)
    _require_within(user, limits)
    # Of two that are made at once, the second counts the first.
    User.objects.select_for_update().get(pk=user.pk)
    if ApiToken.objects.filter(_active(now), user=user).count() >= MOST:
        raise Conflict(f"You have {MOST} API tokens. Revoke one that is not needed any more.")
    secret = token_text.make()
    token = ApiToken.objects.create(
        user=user,
        name=secrets_in_use.masked(name.strip()),
        start=token_text.start(secret),
        digest=token_text.digest(secret),
        permissions=_sorted(limits.permissions),
        server_ids=_sorted(limits.server_ids),
        group_ids=_sorted(limits.group_ids),
        expires_at=expires_at,
    )
    token.refresh_from_db()
    signals.api_token_created.send(ApiToken, token=token)
    return Made(token=token, secret=secret)


def user_of(
    text: str, *, address: str | None, along: Along | None = None, of: Mapping[str, Any] = {}
) -> User:
    """Return whom a token stands for, limited by it, and note its use.

    With what is asked ``along`` with it, ``of`` these arguments, in ``found_along``. Raises
    :class:`ApiTokenRefused`.
    """
    if not token_text.is_whole(text):
        raise ApiTokenRefused(
            "This is no whole API token: it was cut off, or mistyped. Copy it again."
        )
    token = reading(along, *of).one(digest=token_text.digest(text), **of)
    if token is None:
        raise ApiTokenRefused("There is no such API token, or no longer. Make a new one.")
    user = _limited(token.user, token)
    # What was read with the token need not be asked for again.
    for name in RIGHTS:
        user.__dict__[name] = token.__dict__.pop(name)
    user.found_along = token.__dict__.pop("found_along", None)
    _touch(token, address)
    return user


@cache
def reading(along: Along | None, *arguments: str) -> Compiled[ApiToken]:
    """Return the query for a token by its ``digest``, with its user, all rights and what is along.

    ``arguments`` are the names of those of ``along``.
    """

    def put_together(digest: Any, **found_by: Any) -> QuerySet[ApiToken]:
        rows = annotated(ApiToken.objects.select_related("user"), along, found_by)
        return rows.annotate(**User.rights_of("user_id")).filter(digest=digest)

    return Compiled(put_together, digest=CharField(), **{name: UUIDField() for name in arguments})


def acting_by(user: User, token_id: UUID) -> User:
    """Return the user limited by a token by which something was asked for earlier.

    Raises :class:`ApiTokenRefused` when it is good no longer.
    """
    token = ApiToken.objects.filter(pk=token_id, user=user).first()
    if token is None:
        raise ApiTokenRefused("The API token was deleted.")
    return _limited(user, token)


def visible_to(user: User) -> QuerySet[ApiToken]:
    """Return the user's tokens, to who may change users everybody's; the newest first.

    Raises :class:`NotPermitted` for a program.
    """
    require_person(user)
    rows = ApiToken.objects.select_related("user", "revoked_by").order_by("-created_at", "-pk")
    return rows if user.is_super_admin else rows.filter(user=user)


def get(user: User, pk: UUID) -> ApiToken:
    """Return a token that the user may see. Raises :class:`NotFound`."""
    token = visible_to(user).filter(pk=pk).first()
    if token is None:
        raise NotFound("There is no such API token, or you may not see it.")
    return token


@transaction.atomic
def revoke(token: ApiToken, *, by: User | None) -> bool:
    """End a token at once; return whether it had not been ended before."""
    done = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_by=by
    )
    if done:
        signals.api_token_revoked.send(ApiToken, token=token, by=by)
    return bool(done)


def end_all(user: User, *, by: User | None) -> int:
    """Revoke all tokens of the user; return how many there were."""
    rows = list(active_of(user))
    return sum(revoke(token, by=by) for token in rows)


def active_of(user: User) -> QuerySet[ApiToken]:
    """Return the tokens by which programs may act as the user, the newest first."""
    rows = ApiToken.objects.filter(_active(timezone.now()), user=user)
    return rows.order_by("-created_at", "-pk")


def require_person(user: User) -> None:
    """Raise :class:`NotPermitted` for a program: no token makes, shows or revokes tokens."""
    if user.token is not None:
        raise NotPermitted(
            "An API token can't make, list or revoke API tokens. Do it on the page Your account, "
            "or with an access token of a login."
        )


def prune() -> None:
    """Delete tokens that ended a month ago; the audit trail keeps what they were."""
    before = timezone.now() - _KEPT
    ApiToken.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)).delete()


def _active(now: datetime) -> Q:
    return Q(revoked_at=None, expires_at__gt=now)


def _limited(user: User, token: ApiToken) -> User:
    if token.revoked_at is not None:
        raise ApiTokenRefused(f"The API token {token.name} was revoked. Make a new one.")
    if not token.is_active:
        raise ApiTokenRefused(f"The API token {token.name} has expired. Make a new one.")
    if not user.is_active:
        raise ApiTokenRefused(
            f"The account of the API token {token.name} is switched off. Ask an administrator."
        )
    user.token = token
    return user


def _touch(token: ApiToken, address: str | None) -> None:
    """Note the use, at most once a minute."""
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < _TOUCHED_EVERY:
        return
    due = Q(last_used_at=None) | Q(last_used_at__lte=now - _TOUCHED_EVERY)
    ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now, last_used_address=address)


def _require_soon(expires_at: datetime, now: datetime) -> None:
    if not now < expires_at <= now + LONGEST:
        sentence = "Use a time to come, within a year."
        raise Invalid(f"expiresAt: {sentence}", details={"expiresAt": [sentence]})


def _require_within(user: User, limits: Limits) -> None:
    """Raise unless the limits name only what the user has and sees."""
    wrong: dict[str, list[str]] = {}
    is_for_servers = limits.server_ids is not None or limits.group_ids is not None
    mine = rights.held(user)
    for name in limits.permissions or ():
        if name not in mine:
            wrong.setdefault("permissions", []).append(f"You don't have {name}.")
        elif is_for_servers and not roles.keeps_to_servers(name):
            wrong.setdefault("permissions", []).append(
                f"{name} reaches beyond single servers. Leave it out, or leave the servers out."
            )
    if limits.server_ids or limits.group_ids:
        seen = places.of(user)
        for field_name, ids, is_group in (
            ("serverIds", limits.server_ids, False),
            ("serverGroupIds", limits.group_ids, True),
        ):
            known = {place.id for place in seen if place.is_group is is_group}
            for unknown in sorted(set(ids or ()) - known):
                wrong.setdefault(field_name, []).append(f"{unknown}: you see nothing of that id.")
    if wrong:
        raise Invalid("The API token can't be limited like that: see details.", details=wrong)


def _sorted(values: Collection[_T] | None) -> list[_T] | None:
    return None if values is None else sorted(set(values))
