import pytest
from django.test import Client

from tests.support.users import signed_in, user_with


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_an_address_that_the_api_does_not_have_is_refused_in_its_own_form(method: str) -> None:
    answer = getattr(signed_in(user_with("NOC")), method)("/api/v1/automation/runs")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "NotFound",
        "message": "The API has no /api/v1/automation/runs. /api/v1/docs/ lists what it has.",
        "code": "NOT_FOUND",
        "details": {},
    }


@pytest.mark.django_db
def test_a_stranger_is_not_told_what_the_api_has() -> None:
    answer = Client().get("/api/v1/automation/runs")
    assert answer.status_code == 401
    assert answer.json()["code"] == "NOT_AUTHENTICATED"
