from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError, transaction
from django.http import Http404
from rest_framework import exceptions
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView
from structlog.testing import capture_logs

from opsmanager.common import problems
from servers.models import Server

FORM = {"error", "message", "code", "details"}
NO = "That can not be done."
NOT_THERE = "It does not exist, or you may not see it."


def answer(problem: Exception) -> Any:
    """Let a view of the API raise it; return the answer."""

    class View(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request: object) -> None:
            raise problem

    return View.as_view()(APIRequestFactory().get("/"))


@pytest.mark.parametrize(
    ("problem", "status", "name", "code", "message"),
    [
        (problems.Invalid(NO), 400, "ValidationError", "VALIDATION", NO),
        (problems.InvalidState(NO), 400, "InvalidState", "INVALID_STATE", NO),
        (
            problems.ConfirmationNeeded(NO),
            400,
            "ConfirmationNeeded",
            "CONFIRMATION_REQUIRED",
            NO,
        ),
        (problems.NotPermitted(NO), 403, "PermissionDenied", "NOT_PERMITTED", NO),
        (problems.NotFound(NO), 404, "NotFound", "NOT_FOUND", NO),
        (problems.Conflict(NO), 409, "Conflict", "CONFLICT", NO),
        (problems.KeyReused(NO), 422, "IdempotencyKeyReused", "IDEMPOTENCY_KEY_REUSED", NO),
        (problems.CoolingDown(NO), 429, "RateLimitExceeded", "RATE_LIMIT_EXCEEDED", NO),
        (problems.Unavailable(NO), 503, "ServiceUnavailable", "UNAVAILABLE", NO),
        (problems.Problem(NO), 400, "BadRequest", "INVALID", NO),
        (problems.Problem(NO, code="MINE"), 400, "BadRequest", "MINE", NO),
        (Http404("secret"), 404, "NotFound", "NOT_FOUND", NOT_THERE),
        (exceptions.NotFound(), 404, "NotFound", "NOT_FOUND", NOT_THERE),
        (PermissionDenied(), 403, "PermissionDenied", "NOT_PERMITTED", "You may not do this."),
        (PermissionDenied(NO), 403, "PermissionDenied", "NOT_PERMITTED", NO),
        (exceptions.PermissionDenied(NO), 403, "PermissionDenied", "NOT_PERMITTED", NO),
        (
            exceptions.MethodNotAllowed("PUT"),
            405,
            "MethodNotAllowed",
            "METHOD_NOT_ALLOWED",
            'Method "PUT" not allowed.',
        ),
        (
            exceptions.UnsupportedMediaType("text/xml"),
            415,
            "UnsupportedMediaType",
            "UNSUPPORTED_MEDIA_TYPE",
            'Unsupported media type "text/xml" in request.',
        ),
        (
            OperationalError("password=hunter2"),
            503,
            "ServiceUnavailable",
            "UNAVAILABLE",
            "The database does not answer. Try again in a moment.",
        ),
        (RuntimeError("hunter2"), 500, "InternalError", "INTERNAL", "A server error occurred."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_error_has_the_one_form(
    problem: Exception, status: int, name: str, code: str, message: str
) -> None:
    found = answer(problem)
    assert found.status_code == status
    details = {"requestId": ""} if code == "INTERNAL" else {}
    assert found.data == {"error": name, "message": message, "code": code, "details": details}


def test_details_of_invalid_fields_are_named_in_camel_case() -> None:
    found = answer(exceptions.ValidationError({"service_name": ["Enter it."]}))
    assert found.status_code == 400
    assert found.data == {
        "error": "ValidationError",
        "message": "serviceName: Enter it.",
        "code": "VALIDATION",
        "details": {"serviceName": ["Enter it."]},
    }


def test_an_invalid_body_as_a_whole_has_details_too() -> None:
    found = answer(exceptions.ValidationError("Not like this."))
    assert found.data["details"] == {"nonFieldErrors": ["Not like this."]}


def test_a_problem_keeps_its_details_and_says_when_to_come_back() -> None:
    found = answer(problems.CoolingDown("Wait.", details={"secondsLeft": 90}, retry_after=90))
    assert found.data["details"] == {"secondsLeft": 90}
    assert found["Retry-After"] == "90"


@pytest.mark.parametrize(("wait", "header"), [(12.7, "13"), (None, "1")])
def test_a_throttled_call_says_when_to_come_back(wait: float | None, header: str) -> None:
    found = answer(exceptions.Throttled(wait=wait))
    assert (found.status_code, found.data["code"], found["Retry-After"]) == (
        429,
        "THROTTLED",
        header,
    )


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (exceptions.NotAuthenticated(), "NOT_AUTHENTICATED"),
        (exceptions.AuthenticationFailed(), "AUTHENTICATION_FAILED"),
        (exceptions.AuthenticationFailed({"detail": "Token is expired"}), "AUTHENTICATION_FAILED"),
    ],
)
def test_a_call_without_a_good_token_is_unauthenticated(
    problem: exceptions.APIException, code: str
) -> None:
    problem.auth_header = 'Bearer realm="api"'
    found = answer(problem)
    assert (found.data["error"], found.data["code"]) == ("Unauthenticated", code)
    assert found.data["message"]
    assert "{" not in found.data["message"]
    assert found["WWW-Authenticate"] == 'Bearer realm="api"'


def test_an_unforeseen_error_is_logged_and_not_shown() -> None:
    with capture_logs() as logs:
        found = answer(RuntimeError("hunter2"))
    assert set(found.data) == FORM
    assert "hunter2" not in str(found.data)
    (line,) = logs
    assert (line["event"], line["log_level"], line["view"]) == ("api call failed", "error", "View")


def test_a_refusal_is_not_logged_as_an_error() -> None:
    with capture_logs() as logs:
        answer(problems.NotFound(NO))
    assert logs == []


@pytest.mark.django_db
def test_what_somebody_else_saved_at_the_same_moment_is_a_conflict() -> None:
    Server.objects.create(name="web1", hostname="web1.example")
    with pytest.raises(IntegrityError) as twice, transaction.atomic():
        Server.objects.create(name="web1", hostname="web1.example")
    found = answer(twice.value)
    assert (found.status_code, found.data["code"]) == (409, "CONFLICT")
    assert "web1" not in found.data["message"]


@pytest.mark.django_db
def test_any_other_broken_promise_to_the_database_is_our_own_fault() -> None:
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        Server.objects.create(name=None)
    with capture_logs() as logs:
        assert answer(broken.value).status_code == 500
    assert len(logs) == 1
