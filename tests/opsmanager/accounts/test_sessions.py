"""Sessions begin anew at the login, and end: by hand, unused, in the end, or with the user."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from opsmanager.accounts import housekeeping
from opsmanager.accounts.models import BrowserSession, User
from opsmanager.audit.models import AuditEvent
from tests.support.users import PASSWORD, signed_in, user_with

pytestmark = pytest.mark.django_db

COOKIE = project.SESSION_COOKIE_NAME
IDLE = timedelta(minutes=project.SESSION_IDLE_MINUTES)
LONGEST = timedelta(seconds=project.SESSION_COOKIE_AGE)


@pytest.fixture
def user() -> User:
    return user_with("ADMIN", name="ann")


def logged_in(**options: Any) -> Client:
    browser = Client(**options)
    browser.post("/login/", {"username": "ann", "password": PASSWORD})
    return browser


def copy_of(browser: Client) -> Client:
    thief = Client()
    thief.cookies[COOKIE] = browser.cookies[COOKIE].value
    return thief


def is_in(browser: Client) -> bool:
    return browser.get("/servers/").status_code == 200


def test_the_limits_are_half_an_hour_and_half_a_day() -> None:
    assert (timedelta(minutes=30), timedelta(hours=12)) == (IDLE, LONGEST)


def test_a_cookie_that_was_there_before_the_login_is_nobody_after_it(user: User) -> None:
    browser = Client()
    browser.cookies[COOKIE] = "f" * 32
    thief = copy_of(browser)
    browser.post("/login/", {"username": "ann", "password": PASSWORD})
    assert browser.cookies[COOKIE].value != "f" * 32
    assert is_in(browser)
    assert not is_in(thief)


def test_a_copied_cookie_is_dead_after_the_logout(user: User) -> None:
    browser = logged_in()
    thief = copy_of(browser)
    assert is_in(thief)
    browser.post("/logout/")
    assert not is_in(thief)
    api = thief.get("/api/v1/auth/me")
    assert api.status_code == 401
    assert not BrowserSession.objects.exists()


def test_a_session_that_nobody_uses_ends(user: User) -> None:
    browser = logged_in()
    BrowserSession.objects.update(seen_at=timezone.now() - IDLE + timedelta(minutes=1))
    assert is_in(browser)
    BrowserSession.objects.update(seen_at=timezone.now() - IDLE - timedelta(seconds=1))
    assert not is_in(browser)
    assert browser.get("/api/v1/auth/me").status_code == 401


def test_a_session_that_is_used_goes_on(user: User) -> None:
    browser = logged_in()
    for _ in range(4):
        then = timezone.now() - IDLE + timedelta(minutes=1)
        BrowserSession.objects.update(seen_at=then)
        assert is_in(browser)
        assert BrowserSession.objects.get().seen_at > then + timedelta(minutes=20)


def test_polls_of_a_page_that_somebody_left_open_do_not_keep_it_alive(user: User) -> None:
    browser = logged_in()
    then = timezone.now() - timedelta(minutes=10)
    BrowserSession.objects.update(seen_at=then)
    headers = {"hx-request": "true", "hx-unattended": "true"}
    assert browser.get("/now/", headers=headers).status_code == 200
    assert BrowserSession.objects.get().seen_at == then
    browser.get("/now/", headers={"hx-request": "true"})
    assert BrowserSession.objects.get().seen_at > then


def test_a_session_ends_in_the_end_however_much_it_is_used(user: User) -> None:
    browser = logged_in()
    row = BrowserSession.objects.get()
    assert timedelta(0) <= row.signed_in_at + LONGEST - row.expire_date < timedelta(seconds=5)
    # Saving it again makes it no longer.
    session = browser.session
    session["something"] = 1
    session.save()
    assert BrowserSession.objects.get().expire_date == row.expire_date
    BrowserSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_in(browser)


def test_use_is_written_at_most_once_a_minute(
    user: User, django_assert_max_num_queries: Any
) -> None:
    browser = logged_in()
    before = BrowserSession.objects.get().seen_at
    assert is_in(browser)
    assert BrowserSession.objects.get().seen_at == before


def new_password(user: User) -> None:
    user.set_password("another correct horse")
    user.save()


def another_role(user: User) -> None:
    user.groups.set([Group.objects.get(name="NOC")])


def superuser(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True)


def switched_off(user: User) -> None:
    user.is_active = False
    user.save()


def deleted(user: User) -> None:
    user.delete()


@pytest.mark.parametrize("change", [new_password, another_role, superuser, switched_off, deleted])
def test_a_session_ends_when_its_user_changes(user: User, change: Any) -> None:
    browser = logged_in()
    assert is_in(browser)
    change(user)
    assert not is_in(browser)


def test_a_session_does_not_come_back_with_a_user_who_is_switched_on_again(user: User) -> None:
    browser = logged_in()
    switched_off(user)
    user.is_active = True
    user.save()
    assert not is_in(browser)


def test_a_session_outlives_a_change_of_the_secret_key_that_is_announced(
    user: User, settings: Any
) -> None:
    browser = logged_in()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert is_in(browser)


def test_what_is_over_is_deleted(user: User) -> None:
    kept, *others = [logged_in() for _ in range(3)]
    keys = [browser.cookies[COOKIE].value for browser in others]
    past = timezone.now() - timedelta(seconds=1)
    BrowserSession.objects.filter(pk=keys[0]).update(expire_date=past)
    BrowserSession.objects.filter(pk=keys[1]).update(seen_at=timezone.now() - IDLE * 2)
    housekeeping.prune()
    assert BrowserSession.objects.get().pk == kept.cookies[COOKIE].value


PASSWORDS = {
    "old_password": PASSWORD,
    "new_password1": "another correct horse",
    "new_password2": "another correct horse",
}


def test_ones_own_new_password_ends_all_other_sessions_and_tokens(user: User) -> None:
    here, there = logged_in(), logged_in()
    data = {"username": "ann", "password": PASSWORD}
    token = Client().post("/api/v1/auth/token", data, "application/json").json()["access"]
    answer = here.post("/account/password/", PASSWORDS)
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert is_in(here)
    assert not is_in(there)
    bearer = {"authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/auth/me", headers=bearer).status_code == 401
    assert Client().login(username="ann", password="another correct horse")
    assert AuditEvent.objects.filter(verb="PASSWORD_CHANGED", actor_name="ann").count() == 1


def test_a_new_password_must_be_a_good_one_and_the_old_one_right(user: User) -> None:
    browser = logged_in()
    for changed in (
        {"old_password": "wrong"},
        {"new_password1": "short", "new_password2": "short"},
        {"new_password1": "annannann1", "new_password2": "annannann2"},
        {"new_password1": "password1234", "new_password2": "password1234"},
    ):
        answer = browser.post("/account/password/", {**PASSWORDS, **changed})
        assert answer.status_code == 422
        assert "another correct horse" not in answer.content.decode()
    assert browser.login(username="ann", password=PASSWORD)
    assert not AuditEvent.objects.filter(verb="PASSWORD_CHANGED").exists()


def test_the_form_of_the_account_changes_nothing_but_the_password(user: User) -> None:
    browser = signed_in(user_with("NOC", name="nora"))
    more = {"is_superuser": "on", "is_staff": "on", "role": "ADMIN", "groups": "1", "user": "ann"}
    assert browser.post("/account/password/", {**PASSWORDS, **more}).status_code == 302
    nora = User.objects.get(username="nora")
    assert (nora.is_superuser, nora.is_staff, nora.role.name) == (False, False, "NOC")
    assert Client().login(username="ann", password=PASSWORD)


def test_the_account_lists_where_one_is_signed_in_and_shows_no_key(user: User) -> None:
    here = logged_in(HTTP_USER_AGENT="Firefox", REMOTE_ADDR="192.0.2.1")
    there = logged_in(HTTP_USER_AGENT="<b>Other</b>", REMOTE_ADDR="192.0.2.2")
    stranger = signed_in(user_with("NOC", name="otto"), HTTP_USER_AGENT="Otto's")
    data = {"username": "ann", "password": PASSWORD}
    Client(HTTP_USER_AGENT="cron").post("/api/v1/auth/token", data, "application/json")
    page = here.get("/account/").content.decode()
    for shown in ("Firefox", "&lt;b&gt;Other", "192.0.2.1", "192.0.2.2", "cron", "ADMIN"):
        assert shown in page
    assert "Otto" not in page
    for browser in (here, there, stranger):
        assert browser.cookies[COOKIE].value not in page


def test_another_session_of_ones_own_can_be_ended(user: User) -> None:
    here, there = logged_in(), logged_in()
    row = BrowserSession.objects.get(pk=there.cookies[COOKIE].value)
    here.post(f"/account/sessions/{row.name}/end/")
    assert is_in(here)
    assert not is_in(there)
    assert AuditEvent.objects.filter(verb="SESSION_ENDED").count() == 1


def test_the_session_of_somebody_else_can_not_be_ended(user: User) -> None:
    here = logged_in()
    other = signed_in(user_with("NOC", name="otto"))
    row = BrowserSession.objects.get(user__username="otto")
    assert here.post(f"/account/sessions/{row.name}/end/").status_code == 404
    assert here.post("/account/sessions/x/end/").status_code == 404
    assert is_in(other)


def test_all_others_can_be_ended_at_once(user: User) -> None:
    here, *others = [logged_in() for _ in range(3)]
    data = {"username": "ann", "password": PASSWORD}
    token = Client().post("/api/v1/auth/token", data, "application/json").json()["access"]
    here.post("/account/sessions/end/")
    assert is_in(here)
    assert [is_in(browser) for browser in others] == [False, False]
    bearer = {"authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/auth/me", headers=bearer).status_code == 401


def test_the_admin_sends_to_the_account_to_change_a_password(user: User) -> None:
    answer = signed_in(user).get("/admin/password_change/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
