"""One try to log in with a password: what it counts for, and how the owner is told from others.

The owner is known by a signed cookie that a browser got at an earlier login ("device cookies", as
OWASP calls them), or by an address from which the account logged in before.
"""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from opsmanager.accounts import signals, throttle
from opsmanager.accounts.models import LoginThrottle, User
from opsmanager.common.client import client_network
from opsmanager.common.problems import TooManyTries

COOKIE = "opsmanager_device"
SALT = "opsmanager.accounts.device"
KNOWN_FOR = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A try that may have its password looked at."""

    limits: throttle.Limits
    own: str | None
    """The row of a known device or address; ``None`` for somebody unknown."""
    account: str
    address: str | None

    def was_wrong(self) -> None:
        """Count the try."""
        throttle.was_wrong(self.limits)

    def was_right(self) -> None:
        """Count the try no more, and know the address from now on."""
        throttle.was_right(self.limits, own=self.own)
        if self.address:
            LoginThrottle.objects.update_or_create(
                key=_place(self.account, self.address),
                defaults={"known_until": timezone.now() + KNOWN_FOR},
            )


def begin(request: HttpRequest | None, username: str) -> Attempt:
    """Reserve a try for the account of this name, whether there is one or not.

    Raises :class:`TooManyTries`.
    """
    account = _account(username)
    address = client_network(request) if request is not None else None
    own = _device(request, account) or _known_place(account, address)
    if own:
        limits: dict[str, throttle.Limit] = {own: throttle.KNOWN}
    else:
        limits = {throttle.key("all"): throttle.EVERYBODY, account: throttle.ACCOUNT}
        if address:
            limits[throttle.key("address", address)] = throttle.ADDRESS
    try:
        throttle.reserve(limits)
    except TooManyTries as problem:
        if problem.is_news:
            signals.login_throttled.send(User, username=username)
        raise
    return Attempt(limits=limits, own=own, account=account, address=address)


def remember_device(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Let the browser, in which the user has just logged in, be known to the account."""
    account = _account(user.get_username())
    _, nonce = _read_cookie(request, account)
    response.set_cookie(
        COOKIE,
        signing.dumps([account, nonce or secrets.token_urlsafe(16)], salt=SALT),
        max_age=KNOWN_FOR,
        path=settings.DEVICE_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _account(username: str) -> str:
    name = unicodedata.normalize("NFKC", username).casefold()
    return throttle.key("account", name)


def _place(account: str, address: str) -> str:
    return throttle.key("place", account, address)


def _known_place(account: str, address: str | None) -> str | None:
    if address is None:
        return None
    place = _place(account, address)
    known = LoginThrottle.objects.filter(pk=place, known_until__gt=timezone.now())
    return place if known.exists() else None


def _device(request: HttpRequest | None, account: str) -> str | None:
    if request is None:
        return None
    whose, nonce = _read_cookie(request, account)
    return throttle.key("device", account, nonce) if whose else None


def _read_cookie(request: HttpRequest, account: str) -> tuple[bool, str]:
    """Return whether the browser is known to the account, and the browser's number."""
    try:
        found, nonce = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KNOWN_FOR)
    except (signing.BadSignature, TypeError, ValueError):
        return False, ""
    return (True, str(nonce)) if found == account else (False, "")
