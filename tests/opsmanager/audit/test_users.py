"""Users, roles and grants: each change is told, wherever it is made, and no secret with it."""

import json

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.test import Client
from django_celery_beat.models import IntervalSchedule

from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.audit.source import Source, working_for
from tests.support import servers
from tests.support.users import PASSWORD, signed_in, user_with

pytestmark = pytest.mark.django_db

USERS, ROLES = "/admin/accounts/user/", "/admin/auth/group/"


@pytest.fixture
def browser() -> Client:
    return signed_in(user_with("SUPER_ADMIN", name="sue", is_staff=True), REMOTE_ADDR="192.0.2.7")


def told() -> list[tuple[str, str, dict[str, object]]]:
    events = AuditEvent.objects.exclude(verb="LOGIN").order_by("seq")
    assert {(event.actor_name, event.address) for event in events} <= {("sue", "192.0.2.7")}
    return [(event.verb, event.target_name, event.details) for event in events]


def form(user: User, **changed: object) -> dict[str, object]:
    return {
        "username": user.username,
        "is_active": "on",
        "date_joined_0": "2026-11-01",
        "date_joined_1": "00:00:00",
        **changed,
    }


def test_a_user_is_made_in_the_admin(browser: Client) -> None:
    password = "a new and secret one"
    fields = {"username": "nora", "password1": password, "password2": password}
    browser.post(f"{USERS}add/", {**fields, "usable_password": "true"})
    changed = {"username": "nora", "is_active": True}
    assert told() == [("USER_CREATED", "nora", {"changed": changed})]
    written = json.dumps(serializers.serialize("json", AuditEvent.objects.all()))
    assert password not in written
    assert User.objects.get(username="nora").password not in written


def test_a_user_is_changed_and_given_roles(browser: Client) -> None:
    nora = user_with("NOC", name="nora")
    manager = Group.objects.get(name="MANAGER")
    browser.post(f"{USERS}{nora.pk}/change/", form(nora, is_superuser="on", groups=[manager.pk]))
    assert told() == [
        ("USER_UPDATED", "nora", {"changed": {"is_superuser": True}}),
        ("USER_ROLES_CHANGED", "nora", {"removed": ["NOC"]}),
        ("USER_ROLES_CHANGED", "nora", {"added": ["MANAGER"]}),
    ]


def test_a_password_that_is_set_is_told_without_it(browser: Client) -> None:
    nora = user_with("NOC", name="nora")
    new = {"password1": "another secret one", "password2": "another secret one"}
    browser.post(f"{USERS}{nora.pk}/password/", {**new, "usable_password": "true"})
    assert told() == [("PASSWORD_CHANGED", "nora", {})]


def test_a_user_is_deleted(browser: Client) -> None:
    nora = user_with(None, name="nora")
    browser.post(f"{USERS}{nora.pk}/delete/", {"post": "yes"})
    assert [event[:2] for event in told()] == [("USER_DELETED", "nora")]


def test_a_role_is_made_changed_and_deleted(browser: Client) -> None:
    permission = Permission.objects.get(codename="view_server")
    browser.post(f"{ROLES}add/", {"name": "GUESTS", "permissions": [permission.pk]})
    role = Group.objects.get(name="GUESTS")
    browser.post(f"{ROLES}{role.pk}/change/", {"name": "VISITORS"})
    browser.post(f"{ROLES}{role.pk}/delete/", {"post": "yes"})
    assert told() == [
        ("ROLE_CREATED", "GUESTS", {}),
        ("ROLE_PERMISSIONS_CHANGED", "GUESTS", {"added": [str(permission)]}),
        ("ROLE_UPDATED", "VISITORS", {}),
        ("ROLE_PERMISSIONS_CHANGED", "VISITORS", {"removed": [str(permission)]}),
        ("ROLE_DELETED", "VISITORS", {}),
    ]


def sue() -> Source:
    return Source(address="192.0.2.7", actor=lambda: User.objects.get(username="sue"))


def test_what_the_admin_changes_elsewhere_is_told_too() -> None:
    # Of an app that tells of nothing itself, such as one that comes later.
    sue_ = user_with("SUPER_ADMIN", name="sue")
    with working_for(sue()):
        LogEntry.objects.create(
            user=sue_,
            content_type=ContentType.objects.get_for_model(IntervalSchedule),
            object_id="7",
            object_repr="every 7 minutes",
            action_flag=ADDITION,
        )
    (verb, _, details) = told()[-1]
    assert (verb, details["objectType"]) == ("ADMIN_ADDED", "django_celery_beat.intervalschedule")
    assert details["object"] == "every 7 minutes"


def test_roles_and_permissions_that_are_taken_away_altogether(browser: Client) -> None:
    nora = user_with("NOC", name="nora")
    nora.user_permissions.add(Permission.objects.get(codename="view_server"))
    role = Group.objects.get(name="NOC")
    with working_for(sue()):
        nora.groups.clear()
        nora.user_permissions.clear()
        nora.groups.clear()
        role.user_set.set([nora])
    assert [(verb, name) for verb, name, _ in told()] == [
        ("USER_ROLES_CHANGED", "nora"),
        ("USER_PERMISSIONS_CHANGED", "nora"),
        ("USER_ROLES_CHANGED", "NOC"),
    ]
    assert told()[0][2] == {"removed": ["NOC"]}
    assert told()[2][2] == {"added": ["nora"]}


def test_a_permission_on_one_server_is_told_for_users_and_roles(browser: Client) -> None:
    nora, web1 = user_with("NOC", name="nora"), servers.server("web1")
    role = Group.objects.get(name="NOC")
    with working_for(sue()):
        permissions.grant(nora, "servers.operate_server", web1)
        permissions.grant(nora, "servers.operate_server", web1)
        permissions.withdraw(nora, "servers.operate_server", web1)
        permissions.grant(role, "servers.operate_server", web1)
    common = {"permission": "operate_server", "on": "web1"}
    assert told() == [
        ("PERMISSION_GRANTED", "web1", {**common, "holder": "nora", "holderType": "User"}),
        ("PERMISSION_WITHDRAWN", "web1", {**common, "holder": "nora", "holderType": "User"}),
        ("PERMISSION_GRANTED", "web1", {**common, "holder": "NOC", "holderType": "Group"}),
    ]


def test_what_a_command_changes_is_told_with_its_name() -> None:
    source = Source(actor=lambda: "command:shell by root", is_request=False)
    with working_for(source):
        user_with("NOC", name="nora")
    event = AuditEvent.objects.order_by("seq")[0]
    assert (event.verb, event.actor_type, event.actor_name) == (
        "USER_CREATED",
        "COMMAND",
        "shell by root",
    )


def test_what_code_does_by_itself_is_no_event() -> None:
    nora = user_with("NOC", name="nora")
    nora.set_password("another secret one")
    nora.save()
    nora.delete()
    assert not AuditEvent.objects.exists()


def test_a_login_is_no_change_of_the_user() -> None:
    user_with("NOC", name="nora")
    Client().post("/login/", {"username": "nora", "password": PASSWORD})
    assert list(AuditEvent.objects.values_list("verb", flat=True)) == ["LOGIN"]
