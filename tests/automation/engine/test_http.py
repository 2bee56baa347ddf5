import base64
from typing import Any

import pytest

from automation.engine.errors import AnswerUnreadable, CommandInvalid
from automation.engine.http import Headers, HttpAnswer, HttpRequest, request_of

URL = "https://api.example.com/x"


def asked(method: str = "POST", url: str = URL, **options: Any) -> HttpRequest:
    return request_of(method, url, **{"timeout": 10, **options})


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("GET", False),
        ("head", False),
        ("Options", False),
        ("POST", True),
        ("PUT", True),
        ("PATCH", True),
        ("delete", True),
        ("PROPFIND", True),
    ],
)
def test_a_method_reads_or_changes_unless_the_step_says_otherwise(
    method: str, *, changes: bool
) -> None:
    assert asked(method).changes is changes
    assert asked(method, changes=not changes).changes is not changes
    assert asked(method).method == method.upper()


def test_json_is_sent_as_such() -> None:
    request = asked(json_body={"name": "ü", "on": None})
    assert request.body == b'{"name": "\\u00fc", "on": null}'
    assert request.headers == Headers({"Content-Type": "application/json"})
    assert asked(json_body=None).body == b"null"
    assert asked(json_body=1, headers={"content-TYPE": "a/b"}).headers["Content-Type"] == "a/b"


def test_a_body_is_sent_as_it_is() -> None:
    assert asked(body="ü").body == "ü".encode()
    assert asked(body=b"\xff").body == b"\xff"
    assert (asked().body, len(asked().headers)) == (b"", 0)


def test_the_login_of_the_url_becomes_a_header_that_the_step_may_override() -> None:
    request = asked(url="https://noc:hunter2@api.example.com/")
    login = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
    assert login == "noc:hunter2"
    own = asked(url="https://noc:x@api.example.com/", headers={"authorization": "Bearer y"})
    assert dict(own.headers) == {"authorization": "Bearer y"}


def test_neither_text_nor_repr_show_a_secret() -> None:
    request = asked(
        url="https://noc:hunter2@api.example.com/?token=hunter2",
        headers={"X-Api-Key": "hunter2"},
        json_body={"password": "hunter2"},
    )
    assert request.text == "POST https://***@api.example.com/?token=***"
    assert "hunter2" not in repr(request)
    assert "x-api-key" in repr(request)


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\n", "CONNECT", "trace", "G€T", "X" * 40])
def test_what_is_no_method_is_refused(method: str) -> None:
    with pytest.raises(CommandInvalid, match="needs a method"):
        asked(method)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_call_needs_a_finite_time(timeout: float) -> None:
    with pytest.raises(CommandInvalid, match="timeout"):
        asked(timeout=timeout)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("X-A\r\nX-B", "hunter2", "has a name that can't be sent"),
        ("X A", "hunter2", "has a name that can't be sent"),
        ("", "hunter2", "has a name that can't be sent"),
        ("X-A", "hunter2\r\nX-B: 1", "The header X-A of an HTTP call must be text of one line"),
        ("X-A", "hunter2\0", "must be text of one line"),
        ("X-A", "hunter2€", "must be text of one line"),
        ("X-A", 5, "must be text of one line"),
        ("hOsT", "hunter2", "The header hOsT of an HTTP call is set by OpsManager itself"),
        ("Content-Length", "7", "is set by OpsManager itself"),
        ("Transfer-Encoding", "chunked", "is set by OpsManager itself"),
        ("Proxy-Authorization", "hunter2", "is set by OpsManager itself"),
    ],
)
def test_a_header_that_would_be_read_as_something_else_is_refused(
    name: str, value: Any, sentence: str
) -> None:
    with pytest.raises(CommandInvalid, match=sentence) as refusal:
        asked(headers={name: value})
    assert "hunter2" not in str(refusal.value)


def test_a_body_that_can_t_be_sent_is_refused() -> None:
    with pytest.raises(CommandInvalid, match="either json or body"):
        asked(json_body={}, body="x")
    with pytest.raises(CommandInvalid, match="is not JSON: Object of type set"):
        asked(json_body={"hunter2"})
    with pytest.raises(CommandInvalid, match="is not JSON: Out of range"):
        asked(json_body=float("nan"))
    with pytest.raises(CommandInvalid, match="half a character"):
        asked(body="\ud800")


def test_headers_are_found_in_whatever_case() -> None:
    headers = Headers({"Content-Type": "a/b", "X-One": "1"})
    assert headers["content-type"] == headers["CONTENT-TYPE"] == "a/b"
    assert "x-ONE" in headers
    assert headers.get("X-Two") is None
    assert list(headers) == ["content-type", "x-one"]
    assert repr(headers) == "Headers(content-type, x-one)"


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (299, True), (302, False)])
def test_an_answer_is_ok_from_200_to_299(status: int, *, ok: bool) -> None:
    assert HttpAnswer(status=status).ok is ok


def test_an_answer_is_read_as_json() -> None:
    assert HttpAnswer(status=200, text='{"id": 7}').json() == {"id": 7}
    assert HttpAnswer(status=200, planned=True).json() == {}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            HttpAnswer(status=200, text="<html>"),
            r"The answer is no JSON \(Expecting value: .*\); it begins with “<html>”\.",
        ),
        (HttpAnswer(status=200, text="[" * 100_000), "The answer is no JSON"),
        (HttpAnswer(status=200, text="{}", is_cut=True), "was longer than 1 MiB"),
    ],
)
def test_an_answer_that_is_no_json_is_told(answer: HttpAnswer, sentence: str) -> None:
    with pytest.raises(AnswerUnreadable, match=sentence):
        answer.json()
