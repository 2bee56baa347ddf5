import pytest
from django.db import connection
from django.test import Client

from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing():
    """A fault that no code foresees: the first question to the database about a server."""

    def fail(execute, sql, params, many, context):
        if "servers_server" in sql:
            raise RuntimeError("hunter2 at 10.0.0.7")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.usefixtures("failing")
def test_a_fault_of_our_own_is_a_page_that_says_so_and_nothing_more() -> None:
    browser = signed_in(user_with("NOC"), raise_request_exception=False)
    answer = browser.get("/servers/")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "OpsManager failed at this" in text
    assert "hunter2" not in text
    assert "Traceback" not in text


@pytest.mark.usefixtures("failing")
def test_a_fault_of_our_own_in_the_api_has_its_form_and_nothing_more() -> None:
    browser = signed_in(user_with("NOC"), raise_request_exception=False)
    answer = browser.get("/api/v1/servers")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert "hunter2" not in answer.content.decode()


@pytest.mark.parametrize("client", ["anonymous", "signed in"])
def test_an_address_that_leads_nowhere_is_a_page(client: str) -> None:
    browser = Client() if client == "anonymous" else signed_in(user_with("NOC"))
    answer = browser.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_host_that_is_not_ours_is_refused() -> None:
    answer = Client().get("/login/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
