"""Who asks is read by compiled queries: the same as Django would read, in one query."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from automation.engine.results import Status
from automation.models import Batch
from opsmanager.accounts import api_logins, api_tokens, sessions
from opsmanager.accounts.models import ApiToken, BrowserSession, User
from opsmanager.accounts.models.user import RIGHTS
from opsmanager.accounts.roles import ROLES
from tests.automation import makers
from tests.automation.conftest import library, rows  # noqa: F401
from tests.automation.services import workflow_story
from tests.incidents.makers import incident
from tests.support import servers
from tests.support.api_tokens import made
from tests.support.routes import path_of, routes
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

OWN = ("servers.view_server", "automation.view_execution", "auth.view_group")


def permission(name: str) -> Permission:
    label, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=label, codename=codename)


def with_own_permissions(user: User) -> None:
    user.user_permissions.set([permission(name) for name in OWN])


def with_all_roles(user: User) -> None:
    user.groups.set(Group.objects.all())
    with_own_permissions(user)


def as_superuser(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)


def unchanged(_user: User) -> None:
    pass


KINDS: list[tuple[str | None, Callable[[User], None]]] = [
    (None, unchanged),
    (None, with_own_permissions),
    (None, with_all_roles),
    (None, as_superuser),
    *((role.name, unchanged) for role in ROLES),
    *((role.name, with_own_permissions) for role in ROLES),
]


@pytest.fixture
def users() -> list[User]:
    """Users of each kind."""
    made = []
    for number, (role, change) in enumerate(KINDS):
        user = user_with(role, name=f"user {number}", email=f"{number}@example.org")
        change(user)
        made.append(User.objects.get(pk=user.pk))
    return made


def of(user: User) -> dict[str, Any]:
    """Return the user's columns, and what was read with them, in no order."""
    columns = {field.attname: getattr(user, field.attname) for field in user._meta.fields}
    return columns | {name: sorted(user.__dict__[name]) for name in RIGHTS}


def expected(user: User) -> dict[str, Any]:
    """Return the same, each part asked of Django by itself."""
    shown = {
        "group_names": user.groups.values_list("name", flat=True),
        "permission_ids": user.user_permissions.values_list("pk", flat=True),
        "role_permission_ids": Permission.objects.filter(group__user=user).values_list(
            "pk", flat=True
        ),
    }
    columns = {field.attname: getattr(user, field.attname) for field in user._meta.fields}
    return columns | {name: sorted(shown[name]) for name in RIGHTS}


def test_a_session_brings_its_user_with_all_rights(users: list[User]) -> None:
    for user in users:
        browser = signed_in(user, headers={"user-agent": "Firefox"}, REMOTE_ADDR="192.0.2.1")
        session = sessions.SessionStore(browser.session.session_key)
        with CaptureQueriesContext(connection) as captured:
            data = session.load()
        row = BrowserSession.objects.get(pk=session.session_key)
        assert len(captured) == 1
        assert data == session.decode(row.session_data)
        assert session.seen_at == row.seen_at
        assert session.found is None
        assert session.user is not None
        assert of(session.user) == expected(user)
        fresh = User.objects.get(pk=user.pk)
        assert session.user.get_all_permissions() == fresh.get_all_permissions()
        assert session.user.get_session_auth_hash() == fresh.get_session_auth_hash()


def test_a_session_of_nobody_has_no_user() -> None:
    session = sessions.SessionStore()
    session["x"] = 1
    session.save()
    again = sessions.SessionStore(session.session_key)
    assert again["x"] == 1
    assert again.user is None
    assert sessions.SessionStore("f" * 32).load() == {}


def test_a_token_brings_its_user(users: list[User]) -> None:
    some = {"permissions": list(OWN), "server_ids": [uuid4(), uuid4()], "group_ids": []}
    for user, limits in [*((user, {}) for user in users), *((user, some) for user in users)]:
        row, secret = made(user, **limits)
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=row.expires_at)
        with CaptureQueriesContext(connection) as captured:
            found = api_tokens.user_of(secret, address="192.0.2.1")
        assert len(captured) == 1
        assert of(found) == expected(user)
        assert found.token is not None
        columns = [field.attname for field in ApiToken._meta.fields]
        stored = ApiToken.objects.values(*columns).get(pk=row.pk)
        assert {name: getattr(found.token, name) for name in columns} == stored
        fresh = User.objects.get(pk=user.pk)
        fresh.token = row
        assert found.get_all_permissions() == fresh.get_all_permissions()


def test_a_login_over_the_api_brings_its_user(users: list[User]) -> None:
    for user in users:
        tokens = api_logins.begin(user, address=None, agent="curl")
        api_logins.begin(user, address=None, agent="another login of the same")
        with CaptureQueriesContext(connection) as captured:
            found = api_logins.user_of(tokens.access)
        assert len(captured) == 1
        assert of(found) == expected(user)


@pytest.fixture
def things(rows: None) -> list[UUID]:  # noqa: F811
    """One of each that a page may stay open of."""
    server = servers.server("own")
    batch = Batch.objects.create(runbook=makers.entry(), max_parallel=1)
    makers.execution(batch=batch, status=Status.RUNNING)
    workflow = workflow_story.workflow({"look": workflow_story.look(server)})
    found = [
        makers.execution(server=server, batch=batch),
        makers.execution(status=Status.SUCCESS),
        batch,
        workflow_story.standing(workflow),
        incident(server=server),
    ]
    return [uuid4(), *(row.pk for row in found)]


def test_what_a_view_asks_along_is_found_as_django_would_find_it(things: list[UUID]) -> None:
    key = signed_in(user_with("NOC")).session.session_key
    views = {view for route in routes() if hasattr(view := view_of(route), "asked_along")}
    assert len(views) == 7
    told = 0
    for view, names in {(view, arguments_of(view)) for view in views}:
        for pk in things:
            session = sessions.SessionStore(key)
            session.along = view.asked_along
            session.along_of = dict.fromkeys(names, pk)
            with CaptureQueriesContext(connection) as captured:
                session.load()
            along = view.asked_along(**session.along_of)
            row = BrowserSession.objects.annotate(found_along=along).get(pk=key)
            assert len(captured) == 1
            assert session.found == row.found_along  # type: ignore[attr-defined]
            told += session.found is not None
    assert told > len(views)


def test_one_person_never_gets_what_another_asked(things: list[UUID]) -> None:
    browsers = [signed_in(user_with("NOC", name=f"user {number}")) for number in range(3)]
    asked = [*browsers, Client(), *reversed(browsers)]
    names = [name_of(browser) for browser in asked]
    assert names == ["user 0", "user 1", "user 2", None, "user 2", "user 1", "user 0"]


def name_of(browser: Client) -> str | None:
    return browser.get("/api/v1/auth/me").json().get("username")


def view_of(route: str) -> Any:
    return resolve(path_of(route)).func


def arguments_of(view: Any) -> tuple[str, ...]:
    found = {tuple(resolve(path_of(route)).kwargs) for route in routes() if view_of(route) is view}
    (names,) = found
    return names
