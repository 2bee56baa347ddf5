import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from opsmanager.accounts.roles import ROLES, grant_to_roles
from tests.support.users import user_with

pytestmark = pytest.mark.django_db

READ = {"automation.view_catalogentry", "automation.view_execution", "servers.view_server"}
NOC = READ | {
    "automation.execute_catalogentry",
    "incidents.view_incident",
    "incidents.manage_incident",
    "incidents.view_remediationrule",
    "automation.view_schedule",
    "automation.view_template",
    "automation.view_workflow",
    "automation.view_approval",
    "automation.bypass_approval",
}
MANAGER = NOC | {
    "automation.cancel_execution",
    "automation.retry_execution",
    "automation.rollback_execution",
    "automation.delete_execution",
    "automation.grant_approval",
}


def permissions_of(role: str) -> set[str]:
    rows = Permission.objects.filter(group__name=role)
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("MANAGER", MANAGER),
        ("NOC", NOC),
        ("HELPDESK", READ),
        ("HR", set()),
        ("FINANCE", set()),
    ],
)
def test_a_role_may_do_exactly_this(role: str, expected: set[str]) -> None:
    assert permissions_of(role) == expected
    assert user_with(role).get_all_permissions() == expected


@pytest.mark.parametrize("app", ["automation", "incidents", "servers", "notifications", "audit"])
@pytest.mark.parametrize("role", ["SUPER_ADMIN", "ADMIN"])
def test_administrators_may_do_everything_in_every_app(role: str, app: str) -> None:
    rows = Permission.objects.filter(content_type__app_label=app)
    assert rows
    assert {f"{app}.{row.codename}" for row in rows} <= permissions_of(role)


@pytest.mark.parametrize("app", ["accounts", "auth", "guardian"])
def test_users_and_roles_are_for_super_administrators_alone(app: str) -> None:
    prefix = f"{app}."
    assert any(name.startswith(prefix) for name in permissions_of("SUPER_ADMIN"))
    for role in ROLES[1:]:
        assert not any(name.startswith(prefix) for name in permissions_of(role.name))


def test_operating_servers_everywhere_is_for_administrators_alone() -> None:
    holders = {role.name for role in ROLES if "servers.operate_server" in permissions_of(role.name)}
    assert holders == {"SUPER_ADMIN", "ADMIN"}


def test_every_role_has_a_group_and_every_permission_of_the_table_exists() -> None:
    assert {role.name for role in ROLES} <= set(Group.objects.values_list("name", flat=True))
    for role in ROLES:
        assert set(role.permissions) <= permissions_of(role.name)


def test_a_migration_gives_a_role_what_it_lacks_and_keeps_what_was_added() -> None:
    noc = Group.objects.get(name="NOC")
    noc.permissions.remove(Permission.objects.get(codename="execute_catalogentry"))
    noc.permissions.add(Permission.objects.get(codename="cancel_execution"))
    Group.objects.get(name="HR").delete()
    call_command("migrate", verbosity=0)
    assert permissions_of("NOC") == NOC | {"automation.cancel_execution"}
    assert Group.objects.filter(name="HR").exists()


def test_an_app_without_models_gives_nothing() -> None:
    before = {role.name: permissions_of(role.name) for role in ROLES}
    grant_to_roles(apps.get_app_config("django_htmx"))
    assert {role.name: permissions_of(role.name) for role in ROLES} == before


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_a_user_knows_its_role(role: str) -> None:
    assert user_with(role).role.name == role


def test_of_several_roles_the_highest_counts() -> None:
    user = user_with("HELPDESK")
    user.groups.add(Group.objects.get(name="MANAGER"), Group.objects.create(name="Skiers"))
    assert user.role.name == "MANAGER"


def test_a_superuser_is_a_super_administrator_and_a_stranger_is_nobody() -> None:
    assert user_with(None, name="root", is_superuser=True).role.name == "SUPER_ADMIN"
    assert user_with(None).role is None
