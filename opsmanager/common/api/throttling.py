"""Keeps one client from asking so much that the others wait."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from opsmanager.common.client import client_network
from opsmanager.common.problems import Throttled
from opsmanager.common.request_rate import seconds_to_wait

if TYPE_CHECKING:  # REST framework's views import this
    from rest_framework.views import APIView


class Throttle(BaseThrottle):
    """So many requests a minute, reads and writes apart.

    Counted is the token for machines that is used, else the user, else the address.
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the request. Raises :class:`Throttled`."""
        is_read = request.method in SAFE_METHODS
        kind = "reads" if is_read else "writes"
        limit = settings.API_READS_PER_MINUTE if is_read else settings.API_WRITES_PER_MINUTE
        if limit:
            whose, who = _caller(request)
            seconds = seconds_to_wait(who, kind, limit)
            if seconds:
                raise Throttled(seconds, whose=whose, kind=kind, limit=limit)
        return True


def _caller(request: Request) -> tuple[str, str]:
    """Return who is counted, for a sentence and as a key."""
    token: Any = getattr(request.auth, "pk", None)
    if token is not None:
        return "This token", f"token:{token}"
    user: Any = getattr(request.user, "pk", None)
    if user is not None:
        return "This user", f"user:{user}"
    return "This address", f"address:{client_network(request) or 'none'}"
