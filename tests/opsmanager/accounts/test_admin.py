import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opsmanager.accounts.models import User
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

USERS = "/admin/accounts/user/"


def test_the_admin_lists_users_with_their_role() -> None:
    browser = signed_in(user_with("SUPER_ADMIN", is_staff=True))
    user_with("NOC", name="nora")
    user_with(None, name="somebody")
    page = browser.get(USERS).content.decode()
    assert 'class="field-role_name">NOC</td>' in page
    assert 'class="field-role_name">SUPER_ADMIN</td>' in page
    assert "No role: sees nothing" in page


def test_the_list_of_users_costs_the_same_however_many_there_are() -> None:
    browser = signed_in(user_with("SUPER_ADMIN", is_staff=True))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get(USERS)
        return len(queries)

    user_with("NOC", name="nora")
    before = cost()
    for number in range(10):
        user_with("MANAGER", name=f"user{number}")
    assert cost() == before


def test_a_super_administrator_gives_roles() -> None:
    browser = signed_in(user_with("SUPER_ADMIN", is_staff=True))
    password = "correct horse battery"
    form = {"username": "nora", "password1": password, "password2": password}
    browser.post(f"{USERS}add/", {**form, "usable_password": "true"})
    nora = User.objects.get(username="nora")
    browser.post(
        f"{USERS}{nora.pk}/change/",
        {
            "username": "nora",
            "is_active": "on",
            "groups": [Group.objects.get(name="MANAGER").pk],
            "date_joined_0": "2026-11-01",
            "date_joined_1": "03:00:00",
        },
    )
    assert User.objects.get(username="nora").role.name == "MANAGER"


@pytest.mark.parametrize("role", ["ADMIN", "MANAGER", "NOC"])
def test_users_are_for_super_administrators_alone(role: str) -> None:
    browser = signed_in(user_with(role, is_staff=True))
    assert browser.get(USERS).status_code == 403
    assert browser.get(f"{USERS}add/").status_code == 403
    assert browser.get("/admin/auth/group/").status_code == 403


def test_a_short_password_is_refused() -> None:
    browser = signed_in(user_with("SUPER_ADMIN", is_staff=True))
    form = {"username": "nora", "password1": "zk3Xq", "password2": "zk3Xq"}
    answer = browser.post(f"{USERS}add/", {**form, "usable_password": "true"})
    assert "at least 10 characters" in answer.content.decode()
    assert not User.objects.filter(username="nora").exists()
