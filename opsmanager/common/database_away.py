"""Says that the database is away, and at once while that lasts, instead of waiting each time.

A request waits ten seconds for a connection, which holds a thread of the web process.
"""

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from opsmanager.common.problems import Unavailable
from opsmanager.common.request_id import request_id

RETRY_SECONDS: Final = 10
_AWAY: Final = ("08", "25006", "53", "57P")
"""How the SQLSTATE begins when it is the server or the connection that fails, not the statement.

25006 is that of a database which takes no changes.
"""
_NOT_REACHED: Final = "08"
_MARK: Final = "is_database_away"
_TRY_SECONDS: Final = 2.0
_BELIEVED_SECONDS: Final = 15.0
"""For how long a failure says something of now: those who try meanwhile fail after ten."""
_WITHOUT: Final = ("/healthz", "/readyz", "/metrics")
"""What is answered without the database, or says itself that it is away."""


def is_meant_by(fault: BaseException | None) -> bool:
    """Whether a fault says that the database can't serve now, and not that a statement failed."""
    if not isinstance(fault, OperationalError | InterfaceError | InternalError):
        return False
    state = getattr(fault.__cause__, "sqlstate", None)
    if state is None:
        return not isinstance(fault, InternalError)
    return str(state).startswith(_AWAY)


def note(response: HttpResponse, fault: BaseException | None) -> None:
    """Note on an answer that it is what it is because the database was not reached at all.

    One that is there and has no room, or takes no changes, still answers others.
    """
    state = getattr(getattr(fault, "__cause__", None), "sqlstate", None)
    if is_meant_by(fault) and (state is None or str(state).startswith(_NOT_REACHED)):
        setattr(response, _MARK, True)


def answer(request: HttpRequest) -> HttpResponse:
    """Answer 503, by a page or as JSON."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if request.path.startswith("/api/"):
        problem = Unavailable("The database does not answer. Try again in a moment.")
        return JsonResponse(problem.as_json(), status=status, headers=headers)
    context = {
        "request_id": request_id(),
        "contact": settings.CONTACT,
        "is_read": request.method in ("GET", "HEAD"),
    }
    # Without the request: what failed may fail again.
    return HttpResponse(render_to_string("503.html", context), status=status, headers=headers)


class DatabaseAwayMiddleware:
    """Once a request found the database away, let one in two seconds try; refuse the others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._lock = threading.Lock()
        self._failed_at: float | None = None
        self._tried_at = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if request.path in _WITHOUT:
            return self.get_response(request)
        if not self._may_try():
            return answer(request)
        response = self.get_response(request)
        with self._lock:
            self._failed_at = time.monotonic() if getattr(response, _MARK, False) else None
        return response

    def _may_try(self) -> bool:
        now = time.monotonic()
        with self._lock:
            is_away = self._failed_at is not None and now - self._failed_at < _BELIEVED_SECONDS
            if is_away and now - self._tried_at < _TRY_SECONDS:
                return False
            self._tried_at = now
            return True
