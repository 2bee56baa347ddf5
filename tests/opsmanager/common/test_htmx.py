"""Each answer does what its name says, with htmx and without."""

from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage
from django.http import HttpRequest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from opsmanager.common.htmx import form_invalid, fragment, go_to, is_fragment, nothing_new

FRAGMENT = {"HX-Request": "true"}


class Messages(BaseStorage):
    """Messages that live as long as the request."""

    def _get(self, *_args: object, **_kwargs: object) -> tuple[list[object], bool]:
        return [], True

    def _store(self, *_args: object, **_kwargs: object) -> list[object]:
        return []


def asked(**headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    request.htmx = HtmxDetails(request)
    request._messages = Messages(request)
    return request


def test_a_plain_request_wants_a_page() -> None:
    assert not is_fragment(asked())


def test_a_request_of_htmx_wants_a_fragment() -> None:
    assert is_fragment(asked(**FRAGMENT))


def test_a_boosted_link_wants_a_page() -> None:
    assert not is_fragment(asked(**FRAGMENT, **{"HX-Boosted": "true"}))


def test_the_restored_history_wants_a_page() -> None:
    assert not is_fragment(asked(**FRAGMENT, **{"HX-History-Restore-Request": "true"}))


def test_a_request_that_htmx_never_saw_wants_a_page() -> None:
    assert not is_fragment(RequestFactory().get("/"))


def test_going_somewhere_moves_a_plain_browser() -> None:
    answer = go_to(asked(), "/servers/")
    assert answer.status_code == 302
    assert answer["Location"] == "/servers/"


def test_going_somewhere_moves_the_whole_page_and_not_the_fragment() -> None:
    answer = go_to(asked(**FRAGMENT), "/servers/")
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/servers/"
    assert "Location" not in answer


def test_nothing_new_is_empty() -> None:
    answer = nothing_new()
    assert answer.status_code == 204
    assert answer.content == b""


def test_an_invalid_form_comes_back_as_its_part() -> None:
    answer = form_invalid(
        asked(**FRAGMENT), page="404.html", partial="components/_form_errors.html", context={}
    )
    assert answer.status_code == 422
    assert b"<html" not in answer.content


def test_an_invalid_form_comes_back_as_its_page_without_htmx() -> None:
    answer = form_invalid(
        asked(), page="404.html", partial="components/_form_errors.html", context={}
    )
    assert answer.status_code == 422
    assert b"<html" in answer.content


def test_a_fragment_brings_the_waiting_messages_along() -> None:
    request = asked(**FRAGMENT)
    messages.success(request, "Saved <at once>.")
    html = fragment(request, "components/_form_errors.html", {}).content.decode()
    assert 'hx-swap-oob="beforeend"' in html
    assert "Saved &lt;at once&gt;." in html


def test_a_fragment_without_messages_brings_nothing_along() -> None:
    html = fragment(asked(**FRAGMENT), "components/_form_errors.html", {}).content.decode()
    assert "toasts" not in html
