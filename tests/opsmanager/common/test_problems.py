from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware

from opsmanager.common import problems
from opsmanager.common.problems import ProblemMiddleware
from tests.support.users import signed_in, user_with

PAGE = "http://testserver/servers/1/"


@pytest.fixture
def refuse() -> Callable[..., HttpResponse | None]:
    """Let a page raise the problem, as Django calls the middleware; return its answer."""

    def answer(request: HttpRequest, problem: Exception) -> HttpResponse | None:
        for middleware in (SessionMiddleware, HtmxMiddleware, MessageMiddleware):
            kept: list[HttpRequest] = []
            middleware(lambda seen, kept=kept: kept.append(seen) or HttpResponse())(request)
        return ProblemMiddleware(lambda _: HttpResponse()).process_exception(request, problem)

    return answer


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (problems.NotFound("No such server."), 404),
        (problems.NotPermitted("Ask an administrator."), 403),
        (problems.Invalid("That is no page."), 400),
        (problems.Unavailable("No worker answers."), 503),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
@pytest.mark.django_db
def test_a_problem_of_a_page_is_a_page_with_its_sentence(refuse, problem, status) -> None:
    found = refuse(RequestFactory().get("/servers/"), problem)
    assert found.status_code == status
    assert problem.message in found.content.decode()


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.django_db
def test_a_form_that_may_not_be_sent_gets_the_page_too(refuse, status: int) -> None:
    problem = {403: problems.NotPermitted, 404: problems.NotFound}[status]("No.")
    found = refuse(RequestFactory().post("/servers/", headers={"referer": PAGE}), problem)
    assert found.status_code == status


@pytest.mark.django_db
def test_a_form_that_can_not_be_done_leads_back_with_a_message(refuse) -> None:
    request = RequestFactory().post("/servers/1/check/", headers={"referer": PAGE})
    found = refuse(request, problems.Conflict("Look at its key first."))
    assert (found.status_code, found["Location"]) == (302, PAGE)
    (message,) = get_messages(request)
    assert (message.message, message.level_tag) == ("Look at its key first.", "error")


@pytest.mark.parametrize("referer", [None, "https://evil.example/", "javascript:alert(1)"])
@pytest.mark.django_db
def test_a_form_from_elsewhere_leads_home(refuse, referer: str | None) -> None:
    headers = {"referer": referer} if referer else {}
    request = RequestFactory().post("/servers/1/check/", headers=headers)
    found = refuse(request, problems.Conflict("No."))
    assert (found.status_code, found["Location"]) == (302, "/")


@pytest.mark.django_db
def test_a_fragment_sends_the_whole_browser_back_instead_of_swapping_a_page_in(refuse) -> None:
    headers = {"referer": PAGE, "hx-request": "true"}
    request = RequestFactory().post("/servers/1/check/", headers=headers)
    found = refuse(request, problems.Conflict("No."))
    assert (found.status_code, found["HX-Redirect"]) == (200, PAGE)


def test_a_problem_below_api_is_json(refuse) -> None:
    request = RequestFactory().post("/api/v1/x")
    found = ProblemMiddleware(lambda _: HttpResponse()).process_exception(
        request, problems.Unavailable("No worker answers.", details={"queue": "servers"})
    )
    assert found.status_code == 503
    assert found["Content-Type"] == "application/json"
    assert b'"message": "No worker answers."' in found.content
    assert b'"queue": "servers"' in found.content


def test_any_other_exception_is_left_to_django() -> None:
    middleware = ProblemMiddleware(lambda _: HttpResponse("fine"))
    request = RequestFactory().get("/")
    assert middleware.process_exception(request, RuntimeError("hunter2")) is None
    assert middleware(request).content == b"fine"


@pytest.mark.parametrize("path", ["/servers/?search=%00", "/runbooks/%00/", "/admin/?q=a%00b"])
@pytest.mark.django_db
def test_a_nul_in_an_address_is_refused_before_it_reaches_the_database(path: str) -> None:
    answer = signed_in(user_with("ADMIN", is_staff=True)).get(path)
    assert answer.status_code == 400
    assert "The address holds a NUL character." in answer.content.decode()


@pytest.mark.django_db
def test_a_nul_in_an_address_of_the_api_is_refused_in_its_form() -> None:
    answer = signed_in(user_with("ADMIN")).get("/api/v1/servers?search=%00")
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION")
