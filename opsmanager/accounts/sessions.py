"""Sessions in rows of our own, which end when nobody uses them and, used or not, in the end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import CharField, DateTimeField, QuerySet, UUIDField
from django.http import HttpRequest
from django.utils import timezone

from opsmanager.accounts.along import Along, annotated
from opsmanager.accounts.models import BrowserSession, User
from opsmanager.accounts.models.user import RIGHTS
from opsmanager.common.client import client_address
from opsmanager.common.compiled import Compiled

TOUCH_SECONDS = 60
"""How exactly it is known when a session was last used."""


class SessionStore(DatabaseStore):
    """Django's store, on :class:`BrowserSession`."""

    seen_at: datetime | None = None
    """When the session was last used; known once it has been read."""
    user: User | None = None
    """Whose it is, with all rights; read together with the session, and not checked yet."""
    along: Along | None = None
    """What else the session's query is to find (:mod:`opsmanager.accounts.along`)."""
    along_of: Mapping[str, Any] = {}
    """By which arguments of the address."""
    found: Any = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        """Return the model of the rows."""
        return BrowserSession

    def _get_session_from_db(self) -> BrowserSession | None:
        """Return the row, unless the session has ended, idle or not."""
        row = reading(self.along, *self.along_of).one(
            key=self.session_key, now=timezone.now(), **self.along_of
        )
        if row is None or row.seen_at < idle_since():
            self._session_key = None
            return None
        self.seen_at = row.seen_at
        self.user = row.user
        self.found = getattr(row, "found_along", None)
        if row.user is not None:
            row.user.__dict__.update({name: row.__dict__[name] for name in RIGHTS})
        return row

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        """Return the row for what the session holds."""
        row: BrowserSession = super().create_model_instance(data)  # type: ignore[assignment]
        row.user_id = data.get("_auth_user_id")
        row.address = data.get("address")
        row.agent = data.get("agent", "")
        if "signed_in_at" in data:
            row.signed_in_at = datetime.fromtimestamp(data["signed_in_at"], UTC)
        return row

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the rows of sessions that have ended."""
        super().clear_expired()
        BrowserSession.objects.filter(seen_at__lt=idle_since()).delete()


@cache
def reading(along: Along | None, *arguments: str) -> Compiled[BrowserSession]:
    """Return the query for a session by its ``key``, with its user, all rights and what is along.

    ``arguments`` are the names of those of ``along``.
    """

    def put_together(key: Any, now: Any, **found_by: Any) -> QuerySet[BrowserSession]:
        rows = annotated(BrowserSession.objects.select_related("user"), along, found_by)
        rights = User.rights_of("user_id")
        return rows.annotate(**rights).filter(session_key=key, expire_date__gt=now)

    found_by = {name: UUIDField() for name in arguments}
    return Compiled(put_together, key=CharField(), now=DateTimeField(), **found_by)


def idle_since() -> datetime:
    """Return since when an unused session counts as ended."""
    return timezone.now() - timedelta(minutes=settings.SESSION_IDLE_MINUTES)


def begin(request: HttpRequest) -> None:
    """Note in a session that a person has just signed in, and when it ends at the latest."""
    now = timezone.now()
    request.session.set_expiry(now + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    request.session["signed_in_at"] = now.timestamp()
    request.session["address"] = client_address(request)
    request.session["agent"] = request.headers.get("user-agent", "")[:200]


def touch(session: SessionBase) -> None:
    """Note that a person uses the session. It is written at most once a minute."""
    seen_at = getattr(session, "seen_at", None)
    if seen_at is None or timezone.now() - seen_at < timedelta(seconds=TOUCH_SECONDS):
        return
    # Not by saving the session: a poll must not write over what another request put into it.
    BrowserSession.objects.filter(pk=session.session_key).update(seen_at=timezone.now())


def of(user: User) -> QuerySet[BrowserSession]:
    """Return the sessions in which the user is signed in, the last used first."""
    return BrowserSession.objects.filter(
        user=user, expire_date__gt=timezone.now(), seen_at__gte=idle_since()
    ).order_by("-seen_at")
