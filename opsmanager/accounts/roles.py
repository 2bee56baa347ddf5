"""The six roles and what each may do: Django groups with exactly these permissions.

The groups are made, and given what they lack, after each migration.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig

VIEW_RUNBOOKS = "automation.view_catalogentry"
EXECUTE_RUNBOOKS = "automation.execute_catalogentry"
VIEW_EXECUTIONS = "automation.view_execution"
CANCEL_EXECUTIONS = "automation.cancel_execution"
RETRY_EXECUTIONS = "automation.retry_execution"
ROLL_BACK_EXECUTIONS = "automation.rollback_execution"
DELETE_EXECUTIONS = "automation.delete_execution"
FORCE_EXECUTIONS = "automation.force_execution"
VIEW_INCIDENTS = "incidents.view_incident"
MANAGE_INCIDENTS = "incidents.manage_incident"
MANAGE_SOURCES = "incidents.change_source"
VIEW_RULES = "incidents.view_remediationrule"
MANAGE_RULES = "incidents.change_remediationrule"
VIEW_SCHEDULES = "automation.view_schedule"
MANAGE_SCHEDULES = "automation.change_schedule"
VIEW_TEMPLATES = "automation.view_template"
MANAGE_TEMPLATES = "automation.change_template"
VIEW_WORKFLOWS = "automation.view_workflow"
MANAGE_WORKFLOWS = "automation.change_workflow"
VIEW_APPROVALS = "automation.view_approval"
GRANT_APPROVALS = "automation.grant_approval"
BYPASS_APPROVALS = "automation.bypass_approval"
VIEW_CHANNELS = "notifications.view_channel"
MANAGE_CHANNELS = "notifications.change_channel"
VIEW_DELIVERIES = "notifications.view_delivery"
RESEND_DELIVERIES = "notifications.resend_delivery"
VIEW_SERVERS = "servers.view_server"
MANAGE_SERVERS = "servers.change_server"
VIEW_PROCESSES = "common.view_pulse"
OPERATE_SERVERS = "servers.operate_server"
OPERATE_GROUPS = "servers.operate_servergroup"

ABOUT_SERVERS = frozenset(
    {
        VIEW_RUNBOOKS,
        EXECUTE_RUNBOOKS,
        VIEW_EXECUTIONS,
        CANCEL_EXECUTIONS,
        RETRY_EXECUTIONS,
        ROLL_BACK_EXECUTIONS,
        DELETE_EXECUTIONS,
        FORCE_EXECUTIONS,
        VIEW_INCIDENTS,
        MANAGE_INCIDENTS,
        VIEW_SERVERS,
        OPERATE_SERVERS,
        OPERATE_GROUPS,
    }
)
"""What can be kept to some servers, beside the library. To change a server is not among it: who
gives it another address reaches another machine."""

_READ = (VIEW_RUNBOOKS, VIEW_EXECUTIONS, VIEW_SERVERS)
_NOC = (
    *_READ,
    EXECUTE_RUNBOOKS,
    VIEW_INCIDENTS,
    MANAGE_INCIDENTS,
    VIEW_RULES,
    VIEW_SCHEDULES,
    VIEW_TEMPLATES,
    VIEW_WORKFLOWS,
    VIEW_APPROVALS,
    BYPASS_APPROVALS,
)
_MANAGER = (
    *_NOC,
    GRANT_APPROVALS,
    CANCEL_EXECUTIONS,
    RETRY_EXECUTIONS,
    ROLL_BACK_EXECUTIONS,
    DELETE_EXECUTIONS,
)


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role: the name of its group, and what it may do."""

    name: str
    permissions: tuple[str, ...] = ()
    """``app_label.codename`` each."""
    apps: tuple[str, ...] = ()
    """Apps of which it has every permission."""


_ALL_APPS = (
    "automation",
    "incidents",
    "servers",
    "notifications",
    "audit",
    "django_celery_beat",
)

_OUR_APPS = (*_ALL_APPS, "accounts", "auth", "guardian")

ROLES = (
    Role(name="SUPER_ADMIN", apps=_OUR_APPS, permissions=(VIEW_PROCESSES,)),
    Role(name="ADMIN", apps=_ALL_APPS, permissions=(VIEW_PROCESSES,)),
    Role(name="MANAGER", permissions=_MANAGER),
    Role(name="NOC", permissions=_NOC),
    Role(name="HELPDESK", permissions=_READ),
    Role(name="HR"),
    Role(name="FINANCE"),
)
"""Highest first; HR and FINANCE have nothing here."""


def that_carry(permission: str) -> tuple[str, ...]:
    """Return the names of the roles that have the permission, highest first."""
    app = permission.partition(".")[0]
    return tuple(role.name for role in ROLES if permission in role.permissions or app in role.apps)


def keeps_to_servers(permission: str) -> bool:
    """Return whether somebody who is limited to some servers may have the permission.

    What an organisation's own runbooks want (``required_permissions``) is asked for one launch on
    one server, and so is no way out.
    """
    return permission in ABOUT_SERVERS or permission.partition(".")[0] not in _OUR_APPS


def only_looks(permission: str) -> bool:
    """Return whether the permission lets one see something, and do nothing."""
    return permission.partition(".")[2].startswith("view_")


def grant_to_roles(sender: AppConfig, **_: Any) -> None:
    """Make the role groups, and add what they lack of the permissions of one app."""
    from django.contrib.auth.models import Group, Permission  # noqa: PLC0415 - apps are loading when roles is read

    if not sender.models_module:
        return
    own = {p.codename: p for p in Permission.objects.filter(content_type__app_label=sender.label)}
    for role in ROLES:
        group, _made = Group.objects.get_or_create(name=role.name)
        if sender.label in role.apps:
            group.permissions.add(*own.values())
        wanted = [name.split(".")[1] for name in role.permissions if _of(sender, name)]
        group.permissions.add(*(own[codename] for codename in wanted if codename in own))


def _of(app: AppConfig, permission: str) -> bool:
    return permission.startswith(f"{app.label}.")
