import time

import pytest
from django.test import Client

from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

LARGE = b'{"name": "' + b"x" * 10_000_000 + b'"}'


@pytest.mark.parametrize("path", ["/api/v1/servers", "/api/v1/auth/token", "/api/v1/nowhere"])
def test_ten_megabytes_are_refused_at_once_in_the_form_of_the_api(path: str) -> None:
    client = signed_in(user_with("ADMIN"))
    began = time.monotonic()
    answer = client.post(path, LARGE, "application/json")
    assert time.monotonic() - began < 5
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")
    assert "at most 1024 KiB" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_of_ten_megabytes_is_a_page_that_says_so(kind: str) -> None:
    answer = Client().post("/login/", LARGE, kind)
    assert answer.status_code == 413
    assert "at most 1024 KiB" in answer.content.decode()


@pytest.mark.parametrize("length", ["-1", "1e9", "٣", "9" * 400])
def test_an_odd_length_is_refused(length: str) -> None:
    answer = Client().post("/login/", {}, CONTENT_LENGTH=length)
    assert answer.status_code == 413


def test_just_below_the_limit_is_read() -> None:
    body = b'{"name": "' + b"x" * (1024 * 1024 - 12) + b'"}'
    assert len(body) == 1024 * 1024
    answer = signed_in(user_with("ADMIN")).post("/api/v1/servers", body, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION")


def test_a_form_with_a_nul_is_refused_with_a_sentence() -> None:
    answer = signed_in(user_with("ADMIN")).post("/login/", {"username": "a\x00b"}, follow=True)
    assert "holds a NUL character" in answer.content.decode()
