from uuid import uuid4

import pytest

from opsmanager.accounts import permissions
from opsmanager.common.problems import NotFound
from servers.models import ServerGroup
from servers.selectors import groups
from tests.support.servers import server
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


def test_a_role_that_reads_servers_sees_all_groups() -> None:
    group = ServerGroup.objects.create(name="web")
    assert list(groups.visible_to(user_with("HELPDESK", name="h"))) == [group]


def test_without_such_a_role_only_granted_groups_are_seen() -> None:
    group, other = (ServerGroup.objects.create(name=name) for name in ("web", "db"))
    user = user_with("HR", name="h")
    permissions.grant(user, "servers.operate_servergroup", group)
    assert list(groups.visible_to(user)) == [group]
    assert groups.get(user, group.pk) == group
    for pk in (other.pk, uuid4()):
        with pytest.raises(NotFound):
            groups.get(user, pk)


def test_members_are_the_active_servers_of_the_group() -> None:
    group = ServerGroup.objects.create(name="web")
    user = user_with("HELPDESK", name="h")
    inside = server("web1", groups=(group,))
    server("web2", groups=(group,), is_active=False)
    server("web3")
    assert list(groups.members(user, group)) == [inside]
