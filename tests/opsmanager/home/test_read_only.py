"""A database that takes no changes is away for whoever wants one, and no fault of OpsManager."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from tests.support.users import PASSWORD, user_with

LOGIN = {"username": "nora", "password": PASSWORD}


@pytest.fixture
def client(transactional_db: None) -> Iterator[Client]:
    user_with("NOC", name="nora")
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    yield Client(raise_request_exception=False)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")


def test_the_api_says_to_try_again(client: Client) -> None:
    answer = client.post("/api/v1/auth/token", LOGIN, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert answer.json()["message"] == "The database takes no changes now. Try again in a moment."


def test_a_page_says_to_try_again(client: Client) -> None:
    answer = client.post("/login/", LOGIN)
    assert answer.status_code == 503
    assert answer["Retry-After"]
