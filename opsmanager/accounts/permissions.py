"""The one place that decides who may do what, and the only importer of django-guardian."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet, Value
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import assign_perm, get_objects_for_user, remove_perm

from opsmanager.accounts import roles
from opsmanager.accounts.models import User
from opsmanager.common.problems import NotPermitted

Actor = User | AbstractBaseUser | AnonymousUser
_M = TypeVar("_M", bound=Model)


class Holder(NamedTuple):
    """To whom something was granted for one row."""

    row: str
    """The row's id."""
    name: str
    is_role: bool


@dataclass(frozen=True, kw_only=True)
class ServerLimit:
    """The servers to which somebody is limited: these, and those of the groups."""

    servers: tuple[UUID, ...]
    groups: tuple[UUID, ...]


def may(user: Actor, permission: str) -> bool:
    """Return whether the user has the permission everywhere (not just for one object)."""
    return bool(user.is_active and cast("User", user).has_perm(permission))


def require(user: Actor, permission: str, message: str) -> None:
    """Raise :class:`NotPermitted` with the sentence unless the user has the permission."""
    if not may(user, permission):
        refusal = NotPermitted(message)
        refusal.roles = roles.that_carry(permission)
        raise refusal


def require_view(user: Actor, permission: str) -> None:
    """Raise :class:`NotPermitted` unless the user may see this kind of thing at all."""
    require(
        user,
        permission,
        "Your role may not see this. An administrator can give you one that may.",
    )


def granted(user: Actor, permission: str, rows: QuerySet[_M]) -> QuerySet[_M]:
    """Return those rows for which the user was granted the permission one by one."""
    token = getattr(user, "token", None)
    if not user.is_active or (token is not None and not token.covers(permission)):
        return rows.none()
    found: QuerySet[_M] = get_objects_for_user(
        user, permission, klass=rows, accept_global_perms=False, with_superuser=False
    )
    return found


def server_limit(user: Actor) -> ServerLimit | None:
    """Return to which servers the user's API token is limited; ``None`` for to none."""
    token = getattr(user, "token", None)
    if token is None or not token.is_limited_to_servers:
        return None
    return ServerLimit(servers=tuple(token.server_ids or ()), groups=tuple(token.group_ids or ()))


def held(user: User) -> set[str]:
    """Return what the user may, anywhere: also what was granted for single rows only."""
    found = user.get_all_permissions()
    names = ("permission__content_type__app_label", "permission__codename")
    own = UserObjectPermission.objects.filter(user=user).values_list(*names)
    by_role = GroupObjectPermission.objects.filter(group__user=user).values_list(*names)
    rows = {f"{label}.{codename}" for label, codename in own.union(by_role)}
    token = user.token
    return found | {name for name in rows if token is None or token.covers(name)}


def grant(user_or_group: Any, permission: str, row: Model) -> None:
    """Grant the permission for this one row."""
    assign_perm(permission, user_or_group, row)


def withdraw(user_or_group: Any, permission: str, row: Model) -> None:
    """Take the permission for this one row back."""
    remove_perm(permission, user_or_group, row)


def holders(permission: str, row: Model) -> tuple[QuerySet[User], QuerySet[Group]]:
    """Return the users and the roles to whom the permission was granted for this one row."""
    label, _, codename = permission.partition(".")
    of_row: dict[str, Any] = {
        "permission__content_type__app_label": label,
        "permission__codename": codename,
        "object_pk": str(row.pk),
    }
    users = UserObjectPermission.objects.filter(**of_row).values("user")
    groups = GroupObjectPermission.objects.filter(**of_row).values("group")
    return User.objects.filter(pk__in=users), Group.objects.filter(pk__in=groups)


def names_of_holders(rows: Mapping[str, Iterable[Model]]) -> list[Holder]:
    """Return who was granted a permission for some rows, by permission: one query, by name.

    Users who were switched off are left out.
    """
    wanted = Q()
    for permission, each in rows.items():
        label, _, codename = permission.partition(".")
        wanted |= Q(
            permission__content_type__app_label=label,
            permission__codename=codename,
            object_pk__in=[str(row.pk) for row in each],
        )
    users = UserObjectPermission.objects.filter(wanted, user__is_active=True)
    groups = GroupObjectPermission.objects.filter(wanted)
    found = users.values_list("object_pk", "user__username", Value(value=False)).union(
        groups.values_list("object_pk", "group__name", Value(value=True))
    )
    return sorted(Holder(*row) for row in found)


def forget(row: Model) -> None:
    """Withdraw all that was granted for a row that is about to be deleted."""
    kind = ContentType.objects.get_for_model(row)
    for model in (UserObjectPermission, GroupObjectPermission):
        model.objects.filter(content_type=kind, object_pk=str(row.pk)).delete()
