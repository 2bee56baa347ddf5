"""What an API token leaves of the servers and groups that its user may see and operate."""

from uuid import uuid4

import pytest

from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from opsmanager.common.problems import NotFound
from servers.models import Server
from servers.selectors import groups, limits, places
from servers.selectors import servers as selectors
from tests.incidents.makers import incident
from tests.support import servers
from tests.support.api_tokens import by_token
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


def seen(user: User) -> set[str]:
    return {row.name for row in selectors.visible_to(user)}


def operated(user: User) -> set[str]:
    return {row.name for row in selectors.operable_by(user)}


@pytest.fixture
def admin() -> User:
    web, both = servers.group("web"), servers.group("both")
    servers.server("web1", groups=(web, both))
    servers.server("web2", groups=(web,))
    servers.server("db1")
    return user_with("ADMIN")


def pk(name: str) -> object:
    return Server.objects.get(name=name).pk


def test_without_a_limit_it_sees_and_operates_what_its_user_does(admin: User) -> None:
    by = by_token(admin)
    assert seen(by) == operated(by) == {"web1", "web2", "db1"}
    assert groups.visible_to(by).count() == 2


def test_only_the_named_servers_are_left(admin: User) -> None:
    by = by_token(admin, server_ids=[pk("db1"), uuid4()])
    assert seen(by) == operated(by) == {"db1"}
    assert not groups.visible_to(by).exists()
    with pytest.raises(NotFound):
        selectors.get(by, pk("web1"))


def test_the_servers_of_a_group_are_those_that_are_in_it_now(admin: User) -> None:
    web = Server.objects.get(name="web1").groups.get(name="web")
    by = by_token(admin, group_ids=[web.pk], server_ids=[pk("db1")])
    assert seen(by) == {"web1", "web2", "db1"}
    assert [group.name for group in groups.visible_to(by)] == ["web"]
    Server.objects.get(name="web2").groups.clear()
    assert seen(by) == operated(by) == {"web1", "db1"}


def test_a_server_that_its_user_loses_is_lost_to_the_token() -> None:
    server = servers.server("web1")
    user = servers.grant(user_with("HR"), server)
    by = by_token(user, server_ids=[server.pk])
    assert seen(by) == operated(by) == {"web1"}
    permissions.withdraw(user, roles.OPERATE_SERVERS, server)
    assert seen(by) == operated(by) == set()


def test_what_was_granted_needs_to_be_covered(admin: User) -> None:
    server = servers.server("mine")
    noc = servers.grant(user_with("NOC"), server)
    looks = by_token(noc, permissions=[roles.VIEW_SERVERS])
    assert "mine" in seen(looks)
    assert operated(looks) == set()
    assert operated(by_token(noc, permissions=[roles.OPERATE_SERVERS])) == {"mine"}
    assert operated(by_token(admin, permissions=[roles.OPERATE_SERVERS])) >= {"mine", "db1"}


def test_a_limited_token_changes_no_server(admin: User) -> None:
    by = by_token(admin, server_ids=[pk("web1")])
    assert not permissions.may(by, roles.MANAGE_SERVERS)
    assert permissions.may(by, roles.OPERATE_SERVERS)
    assert permissions.may(by_token(admin), roles.MANAGE_SERVERS)


def test_what_is_of_no_server_is_beyond_every_limit(admin: User) -> None:
    there, nowhere = incident(server=Server.objects.get(name="web1")), incident(server=None)
    by = by_token(admin, server_ids=[pk("web1")])
    rows = type(there).objects.all()
    assert list(limits.within(by, rows, server="server")) == [there]
    assert set(limits.within(admin, rows, server="server")) == {there, nowhere}
    assert not limits.beyond(admin, rows, server="server").exists()


def test_a_token_can_be_limited_to_what_its_user_sees(admin: User) -> None:
    offered = list(places.offered(admin))
    assert {place.name for place in offered if not place.is_group} == {"web1", "web2", "db1"}
    assert {place.name for place in offered if place.is_group} == {"web", "both"}
    assert list(places.offered(user_with("HR"))) == []
