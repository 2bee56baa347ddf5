"""Logins by a real provider in a process of its own: who gets in, and with which roles."""

import pytest
from django.test import Client
from pytest_django import Settings

from opsmanager.accounts.models import BrowserSession, Identity, User
from opsmanager.audit.models import AuditEvent
from tests.opsmanager.accounts.test_redirects import EVIL
from tests.support.oidc.flow import Walk
from tests.support.oidc.running import Provider
from tests.support.users import PASSWORD, user_with

pytestmark = pytest.mark.django_db


def roles(name: str) -> set[str]:
    return set(User.objects.get(username=name).groups.values_list("name", flat=True))


def events(verb: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb=verb).order_by("seq"))


def test_the_first_login_makes_the_user_with_the_roles_of_their_groups(walk: Walk) -> None:
    walk.provider.person("first", "noc-team", "lunch", given_name="Ann", email="ann@example.com")
    answer = walk.sign_in("first")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert walk.browser.get("/").status_code == 200
    user = User.objects.get(username="first")
    assert (user.first_name, user.email, roles("first")) == ("Ann", "ann@example.com", {"NOC"})
    assert not user.has_usable_password()
    identity = Identity.objects.get(user=user)
    assert (identity.issuer, identity.subject) == (walk.provider.issuer, "first")


def test_a_login_is_in_the_trail_with_all_that_it_changed(walk: Walk) -> None:
    walk.provider.person("trail", "noc-team")
    walk.sign_in("trail")
    (login,) = events("LOGIN")
    assert (login.actor_name, login.details["by"]) == ("trail", "single sign-on")
    (made,) = events("USER_CREATED")
    (linked,) = events("IDENTITY_LINKED")
    (given,) = events("USER_ROLES_CHANGED")
    assert {each.actor_name for each in (made, linked, given)} == {"single sign-on"}
    assert given.details["added"] == ["NOC"]


def test_the_second_login_sets_the_roles_anew_and_ends_other_sessions(walk: Walk) -> None:
    walk.provider.person("moves", "noc-team")
    walk.sign_in("moves")
    walk.provider.person("moves", "ops-admins")
    other = Walk(browser=Client(), provider=walk.provider)
    other.sign_in("moves")
    assert roles("moves") == {"ADMIN", "NOC"}
    assert walk.browser.get("/").status_code == 302
    walk.provider.person("moves", "noc-team")
    Walk(browser=Client(), provider=walk.provider).sign_in("moves")
    assert roles("moves") == {"NOC"}
    assert events("USER_ROLES_CHANGED")[-1].details["removed"] == ["ADMIN"]
    assert User.objects.filter(username="moves").count() == 1


def test_who_is_in_none_of_the_groups_is_refused_and_not_made(walk: Walk) -> None:
    walk.provider.person("nobody", "lunch")
    answer = walk.sign_in("nobody")
    assert answer.status_code == 403
    assert "None of your groups gives you a role" in answer.content.decode()
    assert not User.objects.filter(username="nobody").exists()
    (refused,) = events("LOGIN_FAILED")
    assert (refused.outcome, refused.details["username"]) == ("REFUSED", "nobody")
    assert refused.message == "None of the 1 groups gives a role."


def test_who_left_all_groups_loses_the_roles_and_every_session(walk: Walk) -> None:
    walk.provider.person("leaver", "noc-team")
    walk.sign_in("leaver")
    walk.provider.person("leaver")
    assert Walk(browser=Client(), provider=walk.provider).sign_in("leaver").status_code == 403
    assert roles("leaver") == set()
    assert walk.browser.get("/").status_code == 302


def test_a_user_who_is_switched_off_stays_out(walk: Walk) -> None:
    walk.provider.person("off", "noc-team")
    walk.sign_in("off")
    user = User.objects.get(username="off")
    user.is_active = False
    user.save()
    answer = walk.sign_in("off")
    assert answer.status_code == 403
    assert "switched off" in answer.content.decode()
    assert walk.browser.get("/").status_code == 302
    assert events("LOGIN_FAILED")[-1].message == "The user is switched off."


@pytest.mark.parametrize("name", ["taken", "TAKEN"])
def test_a_name_or_address_that_exists_is_never_linked_silently(walk: Walk, name: str) -> None:
    user = user_with("SUPER_ADMIN", name="taken", email="taken@example.com")
    walk.provider.person("sub-9", "noc-team", preferred_username=name, email="taken@example.com")
    answer = walk.sign_in("sub-9")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "an administrator has to link the two" in page
    assert "sub-9" in page
    assert not Identity.objects.exists()
    assert walk.browser.get("/").status_code == 302
    assert {group.name for group in user.groups.all()} == {"SUPER_ADMIN"}


def test_a_link_by_an_administrator_lets_the_user_in(walk: Walk) -> None:
    user = user_with("MANAGER", name="linked")
    Identity.objects.create(user=user, issuer=walk.provider.issuer, subject="sub-10")
    walk.provider.person("sub-10", "noc-team", preferred_username="another")
    assert walk.sign_in("sub-10").status_code == 302
    assert roles("linked") == {"NOC"}


def test_the_same_subject_of_another_provider_is_another_person(walk: Walk) -> None:
    user = user_with("ADMIN", name="elsewhere")
    Identity.objects.create(user=user, issuer="https://other.example", subject="sub-11")
    walk.provider.person("sub-11", "noc-team", preferred_username="here")
    walk.sign_in("sub-11")
    assert Identity.objects.get(issuer=walk.provider.issuer).user.username == "here"


def test_super_admin_is_left_alone_unless_the_mapping_names_it(
    walk: Walk, settings: Settings
) -> None:
    user = user_with("SUPER_ADMIN", name="root")
    user_with("SUPER_ADMIN", name="another")
    Identity.objects.create(user=user, issuer=walk.provider.issuer, subject="sub-12")
    walk.provider.person("sub-12", "noc-team", "SUPER_ADMIN")
    walk.sign_in("sub-12")
    assert roles("root") == {"SUPER_ADMIN", "NOC"}
    settings.OIDC_ROLES = {**settings.OIDC_ROLES, "roots": ("SUPER_ADMIN",)}
    Walk(browser=Client(), provider=walk.provider).sign_in("sub-12")
    assert roles("root") == {"NOC"}
    walk.provider.person("sub-12", "roots")
    Walk(browser=Client(), provider=walk.provider).sign_in("sub-12")
    assert roles("root") == {"SUPER_ADMIN"}


def test_the_groups_never_take_the_last_super_admin(walk: Walk, settings: Settings) -> None:
    settings.OIDC_ROLES = {**settings.OIDC_ROLES, "roots": ("SUPER_ADMIN",)}
    user = user_with("SUPER_ADMIN", name="last")
    Identity.objects.create(user=user, issuer=walk.provider.issuer, subject="sub-13")
    walk.provider.person("sub-13", "noc-team")
    walk.sign_in("sub-13")
    assert roles("last") == {"SUPER_ADMIN", "NOC"}


def test_a_group_called_like_a_role_gives_none(walk: Walk) -> None:
    walk.provider.person("sly", "SUPER_ADMIN", "ADMIN")
    assert walk.sign_in("sly").status_code == 403


def test_a_login_makes_a_new_session_that_knows_its_place(walk: Walk) -> None:
    walk.provider.person("place", "noc-team")
    address = walk.provider.sign_in(walk.begin(), "place")
    before = walk.browser.session.session_key
    answer = walk.back(address)
    after = walk.browser.session
    assert after.session_key != before
    assert not BrowserSession.objects.filter(pk=before).exists()
    row = BrowserSession.objects.get(pk=after.session_key)
    assert (str(row.user), row.address) == ("place", "127.0.0.1")
    assert "sign_on" not in after or not after["sign_on"]
    assert "opsmanager_device" in answer.cookies


def test_a_person_is_led_back_to_where_they_wanted_to_go(walk: Walk) -> None:
    walk.provider.person("back", "noc-team")
    page = walk.browser.get("/login/?next=/servers/%3Fsearch%3Dweb").content.decode()
    assert page.count('value="/servers/?search=web"') == 2
    assert walk.sign_in("back", next="/servers/?search=web")["Location"] == "/servers/?search=web"


@pytest.mark.parametrize("place", EVIL)
def test_a_login_never_leads_to_another_site(walk: Walk, place: str) -> None:
    walk.provider.person("evil", "noc-team")
    assert walk.sign_in("evil", next=place)["Location"] == "/"
    assert walk.browser.post("/login/sso/", {"next": place})["Location"] == "/"


def test_the_button_is_on_the_login_page_only_with_a_provider(
    sso: Provider, settings: Settings
) -> None:
    assert "Log in with Example ID" in Client().get("/login/").content.decode()
    settings.OIDC_ISSUER = ""
    assert "/login/sso/" not in Client().get("/login/").content.decode()
    assert Client().post("/login/sso/").status_code == 404
    assert Client().get("/login/sso/answer/").status_code == 404


def test_a_password_may_be_left_to_super_admins_alone(sso: Provider, settings: Settings) -> None:
    user_with("ADMIN", name="ann")
    user_with("SUPER_ADMIN", name="root")

    def status(name: str) -> int:
        return Client().post("/login/", {"username": name, "password": PASSWORD}).status_code

    assert (status("ann"), status("root")) == (302, 302)
    settings.OIDC_PASSWORD_LOGIN = False
    assert (status("ann"), status("root")) == (200, 302)
    tokens = Client().post(
        "/api/v1/auth/token", {"username": "ann", "password": PASSWORD}, "application/json"
    )
    assert tokens.status_code == 401
    page = Client().get("/login/").content.decode()
    assert "Only a SUPER_ADMIN signs in with a password here." in page


def test_a_login_begins_by_a_form_with_its_csrf_token_and_no_link(sso: Provider) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/login/sso/").status_code == 403
    assert browser.get("/login/sso/").status_code == 405


def test_who_has_no_password_here_is_not_asked_to_change_it(walk: Walk) -> None:
    walk.provider.person("page", "noc-team")
    walk.sign_in("page")
    page = walk.browser.get("/account/").content.decode()
    assert "Change your password" not in page
