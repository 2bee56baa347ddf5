from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.utils import timezone

from opsmanager.accounts import api_logins
from opsmanager.accounts.models import ApiLogin, User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.api.case import camel
from tests.support.users import PASSWORD, user_with

pytestmark = pytest.mark.django_db

TOKEN, REFRESH, ME = "/api/v1/auth/token", "/api/v1/auth/token/refresh", "/api/v1/auth/me"
REVOKE = "/api/v1/auth/token/revoke"
JSON = "application/json"


@pytest.fixture
def user() -> User:
    return user_with("NOC", name="nora")


def log_in() -> dict[str, str]:
    data = {"username": "nora", "password": PASSWORD}
    found: dict[str, str] = Client().post(TOKEN, data, JSON).json()
    return found


def refresh(token: str) -> Any:
    return Client().post(REFRESH, {"refresh": token}, JSON)


def revoke(token: str) -> Any:
    return Client().post(REVOKE, {"refresh": token}, JSON)


def me(token: str) -> int:
    return Client().get(ME, headers={"authorization": f"Bearer {token}"}).status_code


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("verb", flat=True))


def test_a_refresh_token_is_used_up_by_its_use(user: User) -> None:
    first = log_in()
    answer = refresh(first["refresh"])
    assert answer.status_code == 200
    second = answer.json()
    assert second["refresh"] != first["refresh"]
    assert me(first["access"]) == me(second["access"]) == 200
    assert refresh(second["refresh"]).status_code == 200


def test_a_refresh_token_used_again_ends_all_tokens_of_its_login(user: User) -> None:
    other = log_in()
    first = log_in()
    second = refresh(first["refresh"]).json()

    again = refresh(first["refresh"])

    assert again.status_code == 401
    assert again.json()["code"] == "AUTHENTICATION_FAILED"
    assert refresh(second["refresh"]).status_code == 401
    assert me(first["access"]) == me(second["access"]) == 401
    assert me(other["access"]) == 200
    assert refresh(other["refresh"]).status_code == 200


def test_a_token_used_again_is_told_once(user: User) -> None:
    first = log_in()
    refresh(first["refresh"])
    for _ in range(3):
        refresh(first["refresh"])
    (event,) = AuditEvent.objects.filter(verb="TOKEN_REUSED")
    assert (event.outcome, event.actor_name, event.target_name) == ("REFUSED", "nora", "nora")


def test_the_tokens_of_a_login_that_was_revoked_are_dead(user: User) -> None:
    other = log_in()
    first = log_in()
    second = refresh(first["refresh"]).json()
    # Any refresh token of the login will do.
    assert revoke(first["refresh"]).status_code == 204
    assert me(first["access"]) == me(second["access"]) == 401
    assert refresh(second["refresh"]).status_code == 401
    assert me(other["access"]) == 200
    assert verbs() == ["LOGIN", "LOGIN", "LOGOUT"]


def test_to_revoke_twice_is_no_error_and_told_once(user: User) -> None:
    token = log_in()["refresh"]
    assert revoke(token).status_code == revoke(token).status_code == 204
    assert verbs() == ["LOGIN", "LOGOUT"]


def test_only_a_refresh_token_of_ours_can_be_revoked(user: User) -> None:
    tokens = log_in()
    assert revoke(tokens["access"]).status_code == 401
    assert revoke("x.y.z").status_code == 401
    assert Client().post(REVOKE, {}, JSON).status_code == 400
    assert me(tokens["access"]) == 200


def test_the_endpoints_of_tokens_look_at_no_session(user: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    for path in (TOKEN, REFRESH, REVOKE):
        assert browser.post(path, {}, JSON).status_code == 400  # neither 403 nor 200


def test_a_field_that_nobody_asked_for_is_refused(user: User) -> None:
    data = {"username": "nora", "password": PASSWORD}
    for extra in ("is_superuser", "isSuperuser", "role", "groups"):
        answer = Client().post(TOKEN, {**data, extra: "SUPER_ADMIN"}, JSON)
        assert answer.status_code == 400
        assert camel(extra) in answer.json()["details"]
    user.refresh_from_db()
    assert not user.is_superuser
    assert user.role.name == "NOC"


def new_password(user: User) -> None:
    user.set_password("another correct horse")
    user.save()


def another_role(user: User) -> None:
    user.groups.set([Group.objects.get(name="MANAGER")])


def one_role_more(user: User) -> None:
    Group.objects.get(name="MANAGER").user_set.add(user)


def group_deleted(user: User) -> None:
    Group.objects.get(name="NOC").delete()


def one_permission_more(user: User) -> None:
    user.user_permissions.add(Permission.objects.get(codename="force_execution"))


def superuser(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True)


def switched_off(user: User) -> None:
    user.is_active = False
    user.save()


def switched_off_by_sql(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def deleted(user: User) -> None:
    user.delete()


@pytest.mark.parametrize(
    "change",
    [
        new_password,
        another_role,
        one_role_more,
        group_deleted,
        one_permission_more,
        superuser,
        switched_off,
        switched_off_by_sql,
        deleted,
    ],
)
def test_tokens_end_at_once_when_the_user_changes(user: User, change: Any) -> None:
    tokens = log_in()
    assert me(tokens["access"]) == 200
    change(user)
    assert me(tokens["access"]) == 401
    assert refresh(tokens["refresh"]).status_code == 401


def test_tokens_do_not_come_back_with_a_user_who_is_switched_on_again(user: User) -> None:
    tokens = log_in()
    switched_off(user)
    user.is_active = True
    user.save()
    assert me(tokens["access"]) == 401
    assert refresh(tokens["refresh"]).status_code == 401


def test_what_a_group_may_do_is_looked_up_at_each_request_and_ends_nothing(user: User) -> None:
    tokens = log_in()
    Group.objects.get(name="NOC").permissions.clear()
    answer = Client().get(ME, headers={"authorization": f"Bearer {tokens['access']}"})
    assert answer.status_code == 200
    assert answer.json()["permissions"] == []


def test_a_login_ends_in_the_end_however_often_it_is_renewed(user: User, settings: Any) -> None:
    tokens = log_in()
    gone = settings.JWT_LOGIN_LIFETIME - timedelta(hours=1)
    ApiLogin.objects.update(created_at=timezone.now() - gone)
    answer = refresh(tokens["refresh"])
    assert answer.status_code == 200
    left = ApiLogin.objects.get().expires_at - timezone.now()
    assert left <= timedelta(hours=1)
    ApiLogin.objects.update(created_at=timezone.now() - settings.JWT_LOGIN_LIFETIME)
    assert refresh(answer.json()["refresh"]).status_code == 401


def test_no_token_can_be_made_from_what_is_stored(user: User) -> None:
    tokens = log_in()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(l::text, '') FROM accounts_apilogin l")
        stored = cursor.fetchone()[0]
    for token in tokens.values():
        assert token not in stored
        assert token.rpartition(".")[2] not in stored


def test_logins_that_are_over_are_deleted(user: User) -> None:
    log_in()
    log_in()
    old = ApiLogin.objects.first()
    ApiLogin.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=2))
    api_logins.prune()
    assert ApiLogin.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_one_refresh_token_at_once_one_gets_new_ones(user: User) -> None:
    token = log_in()["refresh"]

    def use(_: int) -> int:
        try:
            return refresh(token).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(use, range(8)))
    assert codes == [200, *[401] * 7]
