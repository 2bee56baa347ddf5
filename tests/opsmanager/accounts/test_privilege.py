"""Nobody gives himself a right, and somebody who can give rights is always left (A25)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client

from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from tests.support.pages import text
from tests.support.users import PASSWORD, signed_in, user_with

pytestmark = pytest.mark.django_db

USERS, ROLES = "/admin/accounts/user/", "/admin/auth/group/"
LAST = "This is the last SUPER_ADMIN."


def group(name: str) -> str:
    return str(Group.objects.get(name=name).pk)


def form_of(user: User, **changed: Any) -> dict[str, Any]:
    """Return what the browser sends for the user's form; ``None`` leaves a field out."""
    fields = {
        "username": user.username,
        "groups": [str(pk) for pk in user.groups.values_list("pk", flat=True)],
        "is_active": "on" if user.is_active else None,
        "is_superuser": "on" if user.is_superuser else None,
        **changed,
    }
    return {name: value for name, value in fields.items() if value is not None}


def change(browser: Client, user: User, **changed: Any) -> Any:
    return browser.post(f"{USERS}{user.pk}/change/", form_of(user, **changed))


@pytest.fixture
def root() -> User:
    return user_with("SUPER_ADMIN", name="root")


@pytest.mark.parametrize("changed", [{"groups": []}, {"is_active": None}])
def test_the_last_super_admin_can_not_be_demoted_or_switched_off(root: User, changed: Any) -> None:
    user_with("SUPER_ADMIN", name="gone", is_active=False)
    browser = signed_in(root)
    answer = change(browser, root, **changed)
    assert answer.status_code == 200
    assert LAST in text(answer)
    root.refresh_from_db()
    assert root.is_super_admin


def test_the_last_superuser_can_not_be_demoted() -> None:
    boss = user_with(None, name="boss", is_superuser=True)
    assert LAST in text(change(signed_in(boss), boss, is_superuser=None))
    boss.refresh_from_db()
    assert boss.is_superuser


def test_the_last_super_admin_can_not_be_deleted(root: User) -> None:
    browser = signed_in(root)
    answer = browser.post(f"{USERS}{root.pk}/delete/", {"post": "yes"})
    assert LAST in text(answer)
    user_with("NOC", name="nora")
    every = [str(pk) for pk in User.objects.values_list("pk", flat=True)]
    answer = browser.post(
        USERS, {"action": "delete_selected", "_selected_action": every, "post": "yes"}
    )
    assert LAST in text(answer)
    assert User.objects.count() == 2


def test_one_of_two_super_admins_can_go(root: User) -> None:
    other = user_with("SUPER_ADMIN", name="other")
    browser = signed_in(root)
    assert change(browser, other, groups=[]).status_code == 302
    assert User.objects.get(username="other").role is None
    assert browser.post(f"{USERS}{other.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(User.objects.all()) == [root]


@pytest.mark.django_db(transaction=True)
def test_of_two_super_admins_who_demote_each_other_one_stays() -> None:
    first, second = user_with("SUPER_ADMIN", name="first"), user_with("SUPER_ADMIN", name="second")
    pairs = [(signed_in(first), second), (signed_in(second), first)]

    def demote(pair: tuple[Client, User]) -> int:
        try:
            return change(pair[0], pair[1], groups=[]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(demote, pairs))
    assert len([user for user in User.objects.all() if user.is_super_admin]) == 1


def test_the_roles_themselves_can_not_be_deleted_or_renamed(root: User) -> None:
    browser = signed_in(root)
    own = Group.objects.create(name="own")
    assert (
        browser.post(f"{ROLES}{group('SUPER_ADMIN')}/delete/", {"post": "yes"}).status_code == 403
    )
    chosen = [group("SUPER_ADMIN"), str(own.pk)]
    browser.post(ROLES, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    browser.post(f"{ROLES}{group('NOC')}/change/", {"name": "renamed"})
    assert {"SUPER_ADMIN", "NOC", "own"} <= set(Group.objects.values_list("name", flat=True))
    assert browser.post(f"{ROLES}{own.pk}/delete/", {"post": "yes"}).status_code == 302


def test_who_may_do_everything_else_may_not_touch_users_and_roles() -> None:
    ann = user_with("ADMIN", name="ann", is_staff=True)
    # Not even with Django's own permission for it: one could make oneself superuser with it.
    ann.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=("accounts", "auth"))
    )
    browser = signed_in(ann)
    super_admin = group("SUPER_ADMIN")
    for answer in (
        change(browser, ann, is_superuser="on"),
        change(browser, ann, groups=[super_admin]),
        browser.get(f"{USERS}{ann.pk}/change/"),
        browser.get(f"{USERS}add/"),
        browser.post(f"{USERS}add/", {"username": "x", "groups": super_admin}),
        browser.post(f"{USERS}{ann.pk}/delete/", {"post": "yes"}),
        browser.post(f"{USERS}{ann.pk}/password/", {"password1": "x", "password2": "x"}),
        browser.get(f"{ROLES}{group('ADMIN')}/change/"),
        browser.post(f"{ROLES}{group('ADMIN')}/change/", {"name": "ADMIN", "permissions": ["1"]}),
    ):
        assert answer.status_code == 403
    again = User.objects.get(username="ann")
    assert (again.is_superuser, again.role.name) == (False, "ADMIN")
    assert User.objects.count() == 1


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_changes_himself_over_the_api(method: str) -> None:
    browser = signed_in(user_with("ADMIN", name="ann"))
    sent = {"role": "SUPER_ADMIN", "is_superuser": True, "isSuperuser": True, "groups": ["1"]}
    answer = getattr(browser, method)("/api/v1/auth/me", sent, "application/json")
    assert answer.status_code == 405
    assert User.objects.get().role.name == "ADMIN"


@pytest.mark.parametrize(
    ("role", "is_let_in"),
    [
        ("SUPER_ADMIN", True),
        ("ADMIN", True),
        ("MANAGER", False),
        ("NOC", False),
        ("HELPDESK", False),
        ("HR", False),
        ("FINANCE", False),
        (None, False),
    ],
)
def test_administrators_and_nobody_else_can_open_the_admin(
    role: str | None, is_let_in: bool
) -> None:
    browser = signed_in(user_with(role))
    answer = browser.get("/admin/")
    assert answer.status_code == (200 if is_let_in else 302)
    login = browser.get("/admin/login/")
    assert login.status_code == (302 if is_let_in else 403)
    assert ('href="/admin/"' in browser.get("/account/").content.decode()) is is_let_in
    if not is_let_in:
        assert "The admin is for administrators" in text(login)


def test_the_login_leads_an_administrator_to_the_page_of_the_admin_that_was_wanted() -> None:
    user_with("SUPER_ADMIN", name="root")
    browser = Client()
    answer = browser.get(ROLES, follow=True)
    assert answer.redirect_chain[-1] == (f"/login/?next={ROLES}", 302)
    form = {"username": "root", "password": PASSWORD, "next": ROLES}
    assert browser.post("/login/", form)["Location"] == ROLES
    for evil in ("//evil.example", "https://evil.example", "x"):
        assert browser.get("/admin/login/", {"next": evil})["Location"] == "/admin/"


def test_an_administrator_who_was_switched_off_is_out() -> None:
    ann = user_with("ADMIN", name="ann")
    browser = signed_in(ann)
    User.objects.filter(pk=ann.pk).update(is_active=False)
    answer = browser.get("/admin/auth/group/", follow=True)
    assert answer.redirect_chain[-1] == ("/login/?next=/admin/auth/group/", 302)
    ann.refresh_from_db()
    assert not ann.may_administer


def test_a_user_is_made_with_a_role_in_one_go(root: User) -> None:
    browser = signed_in(root)
    page = browser.get(f"{USERS}add/").content.decode()
    assert page.count('type="checkbox" name="groups"') == 7
    answer = browser.post(
        f"{USERS}add/",
        {
            "username": "nora",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "groups": [group("NOC")],
            "email": "nora@ops.example",
        },
    )
    assert answer.status_code == 302
    nora = User.objects.get(username="nora")
    assert (nora.role.name, nora.email, nora.is_staff) == ("NOC", "nora@ops.example", False)
    event = AuditEvent.objects.get(verb="USER_CREATED")
    assert (event.actor_name, event.target_name) == ("root", "nora")
    roles = AuditEvent.objects.get(verb="USER_ROLES_CHANGED")
    assert (roles.actor_name, roles.details) == ("root", {"added": ["NOC"]})


def test_another_role_is_told_and_ends_the_users_logins(root: User) -> None:
    nora = user_with("NOC", name="nora")
    theirs, roots = signed_in(nora), signed_in(root)
    assert change(roots, nora, groups=[group("MANAGER")], first_name="Nora").status_code == 302
    assert theirs.get("/servers/").status_code == 302
    assert roots.get("/servers/").status_code == 200
    events = AuditEvent.objects.filter(verb="USER_ROLES_CHANGED").order_by("seq")
    assert {(event.actor_name, event.target_name) for event in events} == {("root", "nora")}
    assert [event.details for event in events] == [{"removed": ["NOC"]}, {"added": ["MANAGER"]}]


def test_more_rights_and_being_switched_off_are_told(root: User) -> None:
    nora = user_with("NOC", name="nora")
    browser = signed_in(root)
    one = Permission.objects.get(codename="force_execution")
    change(browser, nora, is_superuser="on", user_permissions=[str(one.pk)])
    nora.refresh_from_db()
    change(browser, nora, is_active=None, user_permissions=[str(one.pk)])
    events = AuditEvent.objects.filter(verb="USER_UPDATED").order_by("seq")
    assert [event.details["changed"] for event in events] == [
        {"is_superuser": True},
        {"is_active": False},
    ]
    permissions = AuditEvent.objects.get(verb="USER_PERMISSIONS_CHANGED")
    assert permissions.details == {"added": [str(one)]}


def test_a_password_that_an_administrator_gives_is_told_and_ends_the_users_logins(
    root: User,
) -> None:
    nora = user_with("NOC", name="nora")
    theirs, browser = signed_in(nora), signed_in(root)
    path = f"{USERS}{nora.pk}/password/"
    new = {"password1": "another correct horse", "password2": "another correct horse"}
    browser.post(path, {**new, "password2": "differs", "usable_password": "true"})
    assert not AuditEvent.objects.filter(verb="PASSWORD_CHANGED").exists()
    browser.post(path, {**new, "usable_password": "true"})
    event = AuditEvent.objects.get(verb="PASSWORD_CHANGED")
    assert (event.actor_name, event.target_name) == ("root", "nora")
    assert "another correct horse" not in str(event.details)
    assert theirs.get("/servers/").status_code == 302


def test_a_deleted_user_is_told(root: User) -> None:
    users = [user_with("NOC", name=f"user{number}") for number in range(3)]
    browser = signed_in(root)
    browser.post(f"{USERS}{users[0].pk}/delete/", {"post": "yes"})
    chosen = [str(user.pk) for user in users[1:]]
    browser.post(USERS, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    events = (
        AuditEvent.objects.filter(verb="USER_DELETED")
        .order_by("seq")
        .values_list("target_name", flat=True)
    )
    assert sorted(events) == ["user0", "user1", "user2"]


def test_what_a_role_may_do_and_no_longer_is_told(root: User) -> None:
    browser = signed_in(root)
    one = Permission.objects.get(codename="force_execution")
    removed = sorted(map(str, Group.objects.get(name="HELPDESK").permissions.all()))
    browser.post(f"{ROLES}{group('HELPDESK')}/change/", {"permissions": [str(one.pk)]})
    events = AuditEvent.objects.filter(verb="ROLE_PERMISSIONS_CHANGED").order_by("seq")
    assert {(event.actor_name, event.target_name) for event in events} == {("root", "HELPDESK")}
    told = {key: sorted(names) for event in events for key, names in event.details.items()}
    assert told == {"added": [str(one)], "removed": removed}
