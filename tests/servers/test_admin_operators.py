"""Who may run runbooks where, granted in the Django admin."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from guardian.models import GroupObjectPermission, UserObjectPermission

from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from servers.models import Server, ServerGroup
from servers.selectors.servers import may_operate
from servers.services import servers as services
from tests.servers.test_admin import FORM, GROUPS, SERVERS, errors
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return user_with("ADMIN", name="ann", is_staff=True)


@pytest.fixture
def admin(ann: User) -> Client:
    return signed_in(ann)


@pytest.fixture
def noc() -> User:
    return user_with("NOC", name="nora")


def save(admin: Client, row: Server | ServerGroup, **fields: object) -> None:
    is_server = isinstance(row, Server)
    values = {**FORM, "name": row.name} if is_server else {"name": row.name}
    answer = admin.post(f"{SERVERS if is_server else GROUPS}{row.pk}/change/", {**values, **fields})
    assert answer.status_code == 302, errors(answer)


def told() -> list[tuple[str, str, dict[str, object]]]:
    events = AuditEvent.objects.filter(verb__startswith="SERVER_ACCESS").order_by("seq")
    return list(events.values_list("verb", "target_name", "details"))


def test_a_server_is_granted_to_a_user_and_taken_back(admin: Client, noc: User) -> None:
    web1, web2 = servers.server("web1"), servers.server("web2")
    save(admin, web1, operators=[str(noc.pk)])
    assert (may_operate(noc, web1), may_operate(noc, web2)) == (True, False)
    save(admin, web1)
    assert not may_operate(noc, web1)
    assert told() == [
        ("SERVER_ACCESS_GRANTED", "web1", {"user": "nora"}),
        ("SERVER_ACCESS_WITHDRAWN", "web1", {"user": "nora"}),
    ]


def test_a_group_of_servers_is_granted_to_a_role(admin: Client, noc: User) -> None:
    group = servers.group()
    inside, outside = servers.server("web1", groups=(group,)), servers.server("web2")
    save(admin, group, operator_roles=[str(Group.objects.get(name="NOC").pk)])
    assert (may_operate(noc, inside), may_operate(noc, outside)) == (True, False)
    assert told() == [("SERVER_ACCESS_GRANTED", "web servers", {"role": "NOC"})]


def test_a_new_server_can_be_granted_at_once(admin: Client, noc: User) -> None:
    answer = admin.post(f"{SERVERS}add/", {**FORM, "operators": [str(noc.pk)]})
    assert answer.status_code == 302, errors(answer)
    assert may_operate(noc, Server.objects.get())


def test_the_page_shows_who_has_it_and_saving_it_keeps_that(admin: Client, noc: User) -> None:
    web1 = servers.server("web1")
    save(admin, web1, operators=[str(noc.pk)])
    User.objects.filter(pk=noc.pk).update(is_active=False)
    form = admin.get(f"{SERVERS}{web1.pk}/change/").context["adminform"].form
    assert list(form["operators"].initial) == [noc]
    before = len(told())
    save(admin, web1, operators=[str(noc.pk)])
    assert len(told()) == before


def test_who_may_only_look_at_servers_grants_nothing(noc: User) -> None:
    User.objects.filter(pk=noc.pk).update(is_staff=True)
    noc.refresh_from_db()
    web1 = servers.server("web1")
    client = signed_in(noc)
    page = client.get(f"{SERVERS}{web1.pk}/change/")
    assert page.status_code == 200
    answer = client.post(f"{SERVERS}{web1.pk}/change/", {**FORM, "operators": [str(noc.pk)]})
    assert answer.status_code == 403
    assert not may_operate(noc, web1)


def test_what_was_granted_goes_with_the_server_and_the_group(ann: User, noc: User) -> None:
    group = servers.group()
    web1 = servers.server("web1", groups=(group,))
    servers.grant(noc, web1)
    servers.grant(noc, group)
    services.delete(actor=ann, server=web1)
    services.delete_group(actor=ann, group=group)
    assert not UserObjectPermission.objects.exists()
    assert not GroupObjectPermission.objects.exists()
