from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from opsmanager.accounts.models import User
from opsmanager.common.problems import NotFound
from servers.models import Server
from servers.selectors import servers as selectors
from tests.support import servers
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


def seen(user: User | AnonymousUser) -> list[str]:
    return [row.name for row in selectors.visible_to(user)]


def operated(user: User | AnonymousUser) -> list[str]:
    return [row.name for row in selectors.operable_by(user)]


@pytest.mark.parametrize(
    ("role", "sees", "operates"),
    [
        ("SUPER_ADMIN", True, True),
        ("ADMIN", True, True),
        ("MANAGER", True, False),
        ("NOC", True, False),
        ("HELPDESK", True, False),
        ("HR", False, False),
        ("FINANCE", False, False),
        (None, False, False),
    ],
)
def test_which_role_sees_and_operates_every_server(
    role: str | None, sees: bool, operates: bool
) -> None:
    servers.server("web1")
    user = user_with(role)
    assert seen(user) == (["web1"] if sees else [])
    assert operated(user) == (["web1"] if operates else [])


def test_nobody_sees_nothing() -> None:
    servers.server("web1")
    assert seen(AnonymousUser()) == operated(AnonymousUser()) == []


def test_a_granted_server_is_seen_and_operated_and_no_other() -> None:
    web1, web2 = servers.server("web1"), servers.server("web2")
    colleague = servers.grant(user_with(None, name="colleague"), web1)
    stranger = user_with(None, name="stranger")
    assert seen(colleague) == operated(colleague) == ["web1"]
    assert seen(stranger) == operated(stranger) == []
    assert selectors.may_operate(colleague, web1)
    assert not selectors.may_operate(colleague, web2)
    assert not selectors.may_operate(stranger, web1)


def test_a_granted_group_brings_its_servers_also_those_that_come_later() -> None:
    group = servers.group()
    servers.server("web1", groups=(group,))
    servers.server("db1", groups=(servers.group("databases"),))
    colleague = servers.grant(user_with("NOC"), group)
    assert operated(colleague) == ["web1"]
    servers.server("web2", groups=(group,))
    assert operated(colleague) == ["web1", "web2"]


def test_a_server_of_two_granted_groups_is_one_row() -> None:
    front, all_of_them = servers.group("front"), servers.group("all")
    web1 = servers.server("web1", groups=(front, all_of_them))
    user = user_with(None)
    for target in (front, all_of_them, web1):
        user = servers.grant(user, target)
    assert seen(user) == operated(user) == ["web1"]


def test_a_user_who_was_switched_off_operates_nothing() -> None:
    web1 = servers.server("web1")
    colleague = servers.grant(user_with("ADMIN", is_active=False), web1)
    assert seen(colleague) == operated(colleague) == []


def test_a_server_that_one_may_not_see_does_not_exist() -> None:
    web1 = servers.server("web1")
    assert selectors.get(user_with("NOC"), web1.pk) == web1
    stranger = user_with(None)
    for pk in (web1.pk, uuid4()):
        with pytest.raises(NotFound, match="no such server, or you may not see it"):
            selectors.get(stranger, pk)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["db1", "web1"]),
        ("  ", ["db1", "web1"]),
        ("WEB", ["web1"]),
        (" web1 ", ["web1"]),
        ("example", ["db1", "web1"]),
        ("10.0", ["db1"]),
        ("edge", ["web1"]),
        ("ed", []),
        ("100%", []),
        ("_", []),
    ],
)
def test_a_search_looks_at_name_host_name_and_whole_tags(text: str, found: list[str]) -> None:
    servers.server("web1", tags=["edge"])
    servers.server("db1", hostname="10.0.0.7", tags=["example"])
    assert [row.name for row in selectors.search(Server.objects.all(), text)] == found
