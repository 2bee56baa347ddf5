"""Logins over the API: the tokens they get, renew and lose.

A login is a row; its tokens carry the row's id. So everything that ends it counts at once, also for
access tokens: being revoked, a new password, another role, being switched off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import DateTimeField, F, QuerySet, UUIDField
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from opsmanager.accounts import jwt, signals
from opsmanager.accounts.along import Along, annotated
from opsmanager.accounts.jwt import TokenRefused
from opsmanager.accounts.models import ApiLogin, User
from opsmanager.common.compiled import Compiled


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a client is given."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


def begin(user: User, *, address: str | None, agent: str) -> Tokens:
    """Log the user in, whose password has been checked, and return the first tokens."""
    now = timezone.now()
    login = ApiLogin.objects.create(
        user=user,
        refresh_id=uuid4(),
        fingerprint=user.get_session_auth_hash(),
        address=address,
        agent=agent[:200],
        expires_at=now + settings.JWT_REFRESH_LIFETIME,
    )
    return _tokens(login, login.refresh_id, login.expires_at, now)


def user_of(access: str, *, along: Along | None = None, of: Mapping[str, Any] = {}) -> User:
    """Return whom an access token stands for. Raises :class:`TokenRefused`.

    With what is asked ``along`` with it, ``of`` these arguments, in ``found_along``.
    """
    return _user(jwt.read(access, typ=jwt.ACCESS), along, of)


def renew(refresh: str) -> Tokens:
    """Return new tokens for a refresh token, which is used up.

    One that was used before is in the hands of two, and one of them stole it: the login is ended.
    Raises :class:`TokenRefused`.
    """
    claims = jwt.read(refresh, typ=jwt.REFRESH)
    try:
        user = _user(claims)
    except TokenRefused:
        _end(claims["sid"], "CHANGED")
        raise
    login = ApiLogin.objects.get(pk=claims["sid"])
    now = timezone.now()
    expires_at = min(
        now + settings.JWT_REFRESH_LIFETIME, login.created_at + settings.JWT_LOGIN_LIFETIME
    )
    if expires_at <= now:
        raise TokenRefused
    renewed = uuid4()
    # Whoever changes the row has the token's one use, however many come at once.
    won = ApiLogin.objects.filter(pk=login.pk, refresh_id=claims["jti"], ended_at=None).update(
        refresh_id=renewed, seen_at=now, expires_at=expires_at
    )
    if not won:
        if _end(login.pk, "REUSED"):
            signals.api_login_ended.send(ApiLogin, user=user, why="REUSED")
        raise TokenRefused
    return _tokens(login, renewed, expires_at, now)


def revoke(refresh: str) -> None:
    """End the login of a refresh token, of which it may be any. Raises :class:`TokenRefused`."""
    claims = jwt.read(refresh, typ=jwt.REFRESH)
    user = User.objects.filter(pk=claims["sub"]).first()
    if _end(claims["sid"], "REVOKED"):
        signals.api_login_ended.send(ApiLogin, user=user, why="REVOKED")


def end_all(user: User) -> int:
    """End all logins of the user over the API; return how many there were."""
    return ApiLogin.objects.filter(user=user, ended_at=None).update(
        ended_at=timezone.now(), ended_why="CHANGED"
    )


def of(user: User) -> QuerySet[ApiLogin]:
    """Return the user's logins over the API that have not ended, the last used first."""
    return ApiLogin.objects.filter(
        user=user,
        ended_at=None,
        expires_at__gt=timezone.now(),
        fingerprint=user.get_session_auth_hash(),
    ).order_by("-seen_at")


def prune() -> None:
    """Delete logins none of whose tokens can still be good."""
    ApiLogin.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()


@cache
def reading(along: Along | None, *arguments: str) -> Compiled[User]:
    """Return the query for the ``user`` of a ``login``, with all rights and what is along.

    ``arguments`` are the names of those of ``along``.
    """

    def put_together(user: Any, login: Any, now: Any, **found_by: Any) -> QuerySet[User]:
        rows = annotated(User.with_rights(), along, found_by).filter(
            pk=user,
            is_active=True,
            api_logins__pk=login,
            api_logins__ended_at=None,
            api_logins__expires_at__gt=now,
        )
        return rows.annotate(fingerprint=F("api_logins__fingerprint"))

    found_by = {name: UUIDField() for name in arguments}
    return Compiled(
        put_together, user=UUIDField(), login=UUIDField(), now=DateTimeField(), **found_by
    )


def _user(claims: dict[str, Any], along: Along | None = None, of: Mapping[str, Any] = {}) -> User:
    """Return the user of a login that still is one."""
    query = reading(along, *of)
    found = query.one(user=claims["sub"], login=claims["sid"], now=timezone.now(), **of)
    if found is None:
        raise TokenRefused
    fingerprint: str = found.fingerprint  # type: ignore[attr-defined] # as the query has it
    if not constant_time_compare(fingerprint, found.get_session_auth_hash()):
        raise TokenRefused
    return found


def _end(pk: UUID | str, why: str) -> bool:
    ended = ApiLogin.objects.filter(pk=pk, ended_at=None).update(
        ended_at=timezone.now(), ended_why=why
    )
    return bool(ended)


def _tokens(login: ApiLogin, refresh_id: UUID, expires_at: datetime, now: datetime) -> Tokens:
    def token(typ: str, jti: UUID, end: datetime) -> str:
        claims = {
            "sub": str(login.user_id),
            "sid": str(login.pk),
            "jti": str(jti),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(end.timestamp()),
        }
        return jwt.write(claims, typ=typ)

    return Tokens(
        access=token(jwt.ACCESS, uuid4(), min(now + settings.JWT_ACCESS_LIFETIME, expires_at)),
        refresh=token(jwt.REFRESH, refresh_id, expires_at),
    )
