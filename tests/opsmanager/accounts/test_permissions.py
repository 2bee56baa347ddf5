import pytest
from django.contrib.auth.models import AnonymousUser, Group

from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from opsmanager.accounts.requests import user_of
from opsmanager.common.problems import NotPermitted
from servers.models import Server
from tests.support import servers
from tests.support.users import user_with

pytestmark = pytest.mark.django_db

OPERATE = "servers.operate_server"


def granted(user: User | AnonymousUser) -> list[str]:
    return [row.name for row in permissions.granted(user, OPERATE, Server.objects.all())]


def test_a_permission_everywhere_comes_with_the_role() -> None:
    assert permissions.may(user_with("ADMIN"), OPERATE)
    assert not permissions.may(user_with("NOC"), OPERATE)
    assert not permissions.may(AnonymousUser(), OPERATE)


def test_a_user_who_was_switched_off_may_nothing() -> None:
    user = user_with("ADMIN", is_active=False)
    permissions.grant(user, OPERATE, servers.server())
    assert not permissions.may(user, OPERATE)
    assert granted(user) == []


def test_requiring_a_permission_refuses_with_the_sentence_given() -> None:
    permissions.require(user_with("ADMIN"), OPERATE, "Ask an administrator.")
    with pytest.raises(NotPermitted, match="Ask an administrator") as refusal:
        permissions.require(user_with("NOC"), OPERATE, "Ask an administrator.")
    assert refusal.value.status == 403


def test_a_grant_is_for_one_row_and_one_user() -> None:
    web1, _web2 = servers.server("web1"), servers.server("web2")
    colleague, stranger = user_with("NOC", name="colleague"), user_with("NOC", name="stranger")
    permissions.grant(colleague, OPERATE, web1)
    assert granted(colleague) == ["web1"]
    assert granted(stranger) == []


def test_a_grant_to_a_group_of_users_is_for_its_members() -> None:
    permissions.grant(Group.objects.get(name="NOC"), OPERATE, servers.server("web1"))
    assert granted(user_with("NOC")) == ["web1"]
    assert granted(user_with("HR")) == []


def test_a_grant_can_be_withdrawn() -> None:
    user, web1 = user_with("NOC"), servers.server("web1")
    permissions.grant(user, OPERATE, web1)
    permissions.withdraw(user, OPERATE, web1)
    assert granted(user) == []


def test_a_role_that_may_everywhere_was_granted_no_single_row() -> None:
    servers.server("web1")
    assert granted(user_with("ADMIN")) == []
    assert granted(user_with(None, name="root", is_superuser=True)) == []


def test_a_grant_of_one_row_is_no_permission_everywhere() -> None:
    user = servers.grant(user_with("NOC"), servers.server("web1"))
    assert not permissions.may(user, OPERATE)


def test_the_user_of_a_request_is_somebody(rf) -> None:
    request = rf.get("/")
    request.user = user = user_with("NOC")
    assert user_of(request) is user
    request.user = AnonymousUser()
    with pytest.raises(NotPermitted, match="Sign in first"):
        user_of(request)
