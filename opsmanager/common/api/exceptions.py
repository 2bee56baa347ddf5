"""Every error of the API in one form, with the status codes of the contract."""

import math
from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import DatabaseError, IntegrityError, InternalError, OperationalError
from django.http import Http404
from psycopg.errors import ReadOnlySqlTransaction, UniqueViolation
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from opsmanager.common import database_away, problems
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
    response = Response(problem.as_json(), status=problem.status, headers=headers)
    database_away.note(response, exception)
    return response


def _problem(exception: Exception) -> problems.Problem:
    match exception:
        case problems.Problem():
            return exception
        case exceptions.ValidationError():
            return _invalid(exception)
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


def _invalid(exception: exceptions.ValidationError) -> problems.Problem:
    details = _details(exception.detail)
    if _codes(exception.get_codes()) == {"unique"}:
        names = " and ".join(details)
        return problems.Conflict(f"Another one has the same {names}.", details=details)
    return invalid(details)


def invalid(details: Mapping[str, Any]) -> problems.Invalid:
    """Return the problem of fields that are not valid; it quotes the first of them."""
    name, sentence = _first(details)
    rest = f" See details for {len(details) - 1} more." if len(details) > 1 else ""
    return problems.Invalid(f"{name}: {sentence}{rest}", details=details)


def _codes(codes: Any) -> set[str]:
    """Return the codes of all fields, however deep they stand."""
    if isinstance(codes, dict):
        codes = codes.values()
    elif not isinstance(codes, list):
        return {codes}
    return {code for part in codes for code in _codes(part)}


def _first(details: Any) -> tuple[str, str]:
    """Return the name of the first field that is wrong, as a path, and what is said of it."""
    if isinstance(details, Mapping):
        name, rest = next(iter(details.items()))
        deeper, sentence = _first(rest)
        return f"{name}.{deeper}" if deeper else str(name), sentence
    if isinstance(details, list):
        return _first(details[0])
    return "", str(details)


def _of_database(exception: DatabaseError) -> problems.Problem:
    match exception:
        case OperationalError():
            return problems.Unavailable("The database does not answer. Try again in a moment.")
        case InternalError(__cause__=ReadOnlySqlTransaction()):
            return problems.Unavailable("The database takes no changes now. Try again in a moment.")
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
