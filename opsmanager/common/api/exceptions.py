"""Every error of the API in one form, with the status codes of the contract."""

import math
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import DatabaseError, IntegrityError, OperationalError
from django.http import Http404
from psycopg.errors import UniqueViolation
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from opsmanager.common import problems
from opsmanager.common.api.case import camel
from opsmanager.common.request_id import request_id

log = structlog.get_logger(__name__)


def answer(exception: Exception, context: dict[str, Any]) -> Response:
    """Return the answer for any exception that a view of the API raised."""
    set_rollback()
    problem = _problem(exception)
    headers = {}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    challenge = getattr(exception, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    if problem.status >= 500 and not isinstance(problem, problems.Busy):
        view = context.get("view")
        log.error("api call failed", view=type(view).__name__, exc_info=exception)
    return Response(problem.as_json(), status=problem.status, headers=headers)


def _problem(exception: Exception) -> problems.Problem:
    match exception:
        case problems.Problem():
            return exception
        case exceptions.ValidationError():
            return problems.Invalid(
                "Some fields are not valid: see details.", details=_details(exception.detail)
            )
        case Http404() | exceptions.NotFound():
            return problems.NotFound("It does not exist, or you may not see it.")
        case DjangoPermissionDenied() | exceptions.PermissionDenied():
            return problems.NotPermitted(str(exception) or "You may not do this.")
        case exceptions.NotAuthenticated():
            return _other(exception, "Unauthenticated", "NOT_AUTHENTICATED")
        case exceptions.AuthenticationFailed():
            return _other(exception, "Unauthenticated", "AUTHENTICATION_FAILED")
        case exceptions.Throttled():
            problem = _other(exception, "Throttled", "THROTTLED")
            problem.retry_after = math.ceil(getattr(exception, "wait", None) or 1)
            return problem
        case exceptions.APIException():
            return _other(exception, type(exception).__name__, exception.default_code.upper())
        case DatabaseError():
            return _of_database(exception)
    return _internal()


def _of_database(exception: DatabaseError) -> problems.Problem:
    match exception:
        case OperationalError():
            return problems.Unavailable("The database does not answer. Try again in a moment.")
        case IntegrityError(__cause__=UniqueViolation()):
            return problems.Conflict("Somebody saved the same just now. Look at what is there.")
    return _internal()


def _internal() -> problems.Problem:
    problem = _other(exceptions.APIException(), "InternalError", "INTERNAL")
    problem.details = {"requestId": request_id()}
    return problem


def _other(exception: exceptions.APIException, name: str, code: str) -> problems.Problem:
    detail = exception.detail
    message = str(detail.get("detail", "")) if isinstance(detail, dict) else str(detail)
    problem = problems.Problem(message or "The request failed.", code=code)
    problem.status = exception.status_code
    problem.name = name
    return problem


def _details(detail: Any) -> dict[str, Any]:
    if isinstance(detail, dict):
        return {camel(str(key)): value for key, value in detail.items()}
    return {"nonFieldErrors": detail}
