"""The one exception that carries a human sentence, a machine code and an HTTP status."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict

from opsmanager.common import secrets_in_use
from opsmanager.common.error_pages import error_page, page_before
from opsmanager.common.htmx import go_to


class Problem(Exception):
    """Something that a person asked for can't be done.

    ``message`` is a plain sentence with what to do next; ``code`` is for programs; ``details``
    is JSON; ``retry_after`` is in seconds, where waiting helps.
    """

    status = 400
    name = "BadRequest"
    code = "INVALID"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = dict(details or {})
        self.retry_after = retry_after
        self.conditions: list[dict[str, Any]] = []
        """Of a refusal: each condition with its name, whether it held, and the sentence why not."""

    def as_json(self) -> dict[str, Any]:
        """Return the error form of the API."""
        details = self.details
        if self.conditions and not isinstance(self, Invalid):
            # Those of an invalid request are fields, each with what is wrong with it.
            details = {**details, "conditions": self.conditions}
        return {
            "error": self.name,
            "message": self.shown,
            "code": self.code,
            "details": secrets_in_use.redactor().value(details),
        }

    @property
    def shown(self) -> str:
        """The message without secrets that it may quote."""
        return secrets_in_use.redactor().sentence(self.message)


class Invalid(Problem):
    """What was sent is not valid; ``details`` maps fields to lists of sentences."""

    name = "ValidationError"
    code = "VALIDATION"


class InvalidState(Problem):
    """It can't be done to something in this state."""

    name = "InvalidState"
    code = "INVALID_STATE"


class ConfirmationNeeded(Problem):
    """It is dangerous or on a production server, and was not confirmed."""

    name = "ConfirmationNeeded"
    code = "CONFIRMATION_REQUIRED"


class NotPermitted(Problem):
    """This user may not do this."""

    status = 403
    name = "PermissionDenied"
    code = "NOT_PERMITTED"
    roles: tuple[str, ...] = ()
    """The roles that may, where that is a matter of roles."""


class NotFound(Problem):
    """It does not exist, or this user may not see it."""

    status = 404
    name = "NotFound"
    code = "NOT_FOUND"


class Conflict(Problem):
    """It clashes with what is there already."""

    status = 409
    name = "Conflict"
    code = "CONFLICT"


class TooLarge(Problem):
    """A request is larger than anything that OpsManager takes."""

    status = 413
    name = "TooLarge"
    code = "TOO_LARGE"


class KeyReused(Problem):
    """An idempotency key was used before, for something else."""

    status = 422
    name = "IdempotencyKeyReused"
    code = "IDEMPOTENCY_KEY_REUSED"


class CoolingDown(Problem):
    """The runbook ran on this server a short time ago."""

    status = 429
    name = "RateLimitExceeded"
    code = "RATE_LIMIT_EXCEEDED"


class TooManyTries(Problem):
    """Too many passwords were tried; ``seconds`` says how long to wait.

    ``is_busy``: none too many was wrong so far, but as many are being looked at as may be at once.
    ``is_news``: whether nobody has been told since the last try that was looked at.
    """

    status = 429
    name = "RateLimitExceeded"
    code = "RATE_LIMIT_EXCEEDED"

    def __init__(self, seconds: int, *, is_busy: bool = False, is_news: bool = False) -> None:
        minutes = -(-seconds // 60)
        wait = f"{seconds} s" if seconds < 60 else f"{minutes} min"
        why = (
            "As many logins are being checked right now as may be at once."
            if is_busy
            else "Too many wrong passwords were tried."
        )
        super().__init__(
            f"{why} Wait {wait}, then try again.",
            details={"retryAfterSeconds": seconds},
            retry_after=seconds,
        )
        self.is_news = is_news


class Throttled(Problem):
    """Somebody sent more requests within a minute than one may; ``seconds`` says how long to wait.

    ``whose`` begins the sentence, ``kind`` is ``reads`` or ``writes``, ``limit`` is per minute.
    """

    status = 429
    name = "Throttled"
    code = "THROTTLED"

    def __init__(self, seconds: int, *, whose: str, kind: str, limit: int) -> None:
        advice = (
            "Ask less often, with If-None-Match, or follow an execution by its stream"
            if kind == "reads"
            else "Send less at once, such as one batch in place of many launches"
        )
        super().__init__(
            f"{whose} may send {limit} {kind} within a minute, and has. Wait {seconds} s, then go "
            f"on. {advice}.",
            details={"retryAfterSeconds": seconds, "kind": kind, "limitPerMinute": limit},
            retry_after=seconds,
        )


class Unavailable(Problem):
    """A part of OpsManager that this needs does not answer now."""

    status = 503
    name = "ServiceUnavailable"
    code = "UNAVAILABLE"


class Busy(Unavailable):
    """All places for answers that wait are taken, in this process or by this user."""

    code = "BUSY"

    def __init__(self, message: str) -> None:
        seconds = 5
        super().__init__(
            f"{message} Ask for …/logs from time to time instead, or again in {seconds} s.",
            details={"retryAfterSeconds": seconds},
            retry_after=seconds,
        )


class ProblemMiddleware:
    """Turn a problem that a page raised into a page that says it, never a stack trace."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, unless it holds what PostgreSQL can't keep or look for."""
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return _answer(request, Invalid("The address holds a NUL character."))
        # The API reads its bodies itself, and would find nothing left.
        if not request.path.startswith("/api/") and _has_nul(request.POST):
            return _answer(request, Invalid("The form holds a NUL character. Take it out."))
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
            return _shows_nothing(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a :class:`Problem`; leave every other exception to Django."""
        return _answer(request, exception) if isinstance(exception, Problem) else None


def _has_nul(form: QueryDict) -> bool:
    return any("\x00" in text for name, texts in form.lists() for text in (name, *texts))


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(problem.as_json(), status=problem.status)
    if request.method == "POST" and problem.status not in (403, 404):
        messages.error(request, problem.shown)
        return go_to(request, page_before(request) or "home")
    roles = problem.roles if isinstance(problem, NotPermitted) else ()
    return error_page(request, problem.status, problem.shown, roles=roles)


def _shows_nothing(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Say so where somebody opens what only takes forms, as after a login that had expired."""
    if request.path.startswith("/api/"):
        return response
    sentence = (
        "It only takes what a page of OpsManager sends. Nothing was done now. Go to the page with "
        "the button, look whether it is still wanted, and press it again."
    )
    page = error_page(request, HTTPStatus.METHOD_NOT_ALLOWED, sentence)
    page.headers["Allow"] = response.headers["Allow"]
    return page
