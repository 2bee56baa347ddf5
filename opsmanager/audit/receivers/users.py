"""Users, roles and what they may do: each change goes into the trail, wherever it is made.

Most are made in the Django admin, which knows no services. What code does by itself, such as giving
the roles their permissions after a migration, has no source and is no event.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.models import Group
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.audit.source import current_source

_TOLD: Final = (
    "username",
    "first_name",
    "last_name",
    "email",
    "is_active",
    "is_staff",
    "is_superuser",
)
_SECRET: Final = "password"  # noqa: S105  (a field's name)


@receiver(pre_save, sender=User, dispatch_uid="audit.user_before")
def remember_user(instance: User, update_fields: Iterable[str] | None, **_: Any) -> None:
    """Keep what a user was, to be able to say what changed."""
    is_login = update_fields is not None and set(update_fields) <= {"last_login"}
    if current_source() is None or is_login or instance._state.adding:  # noqa: SLF001 - public in all but name
        instance.__dict__.pop("_before", None)
        return
    instance.__dict__["_before"] = (
        User.objects.filter(pk=instance.pk).values(*_TOLD, _SECRET).first()
    )


@receiver(post_save, sender=User, dispatch_uid="audit.user_saved")
def note_user(instance: User, created: bool, **_: Any) -> None:  # noqa: FBT001 - Django's signature
    """Record a user who was made or changed; of a password only that it was set."""
    if current_source() is None:
        return
    before = instance.__dict__.pop("_before", None)
    if not created and before is None:
        return
    now = {name: getattr(instance, name) for name in _TOLD}
    if before is None:
        changed = {name: value for name, value in now.items() if value}
    else:
        changed = {name: value for name, value in now.items() if value != before[name]}
    actor = trail.current_actor()
    if changed:
        verb = "USER_CREATED" if created else "USER_UPDATED"
        trail.record(verb, actor=actor, target=instance, changed=changed)
    if before is not None and instance.password != before[_SECRET]:
        trail.record("PASSWORD_CHANGED", actor=actor, target=instance)


@receiver(post_delete, sender=User, dispatch_uid="audit.user_deleted")
def note_deleted_user(instance: User, **_: Any) -> None:
    """Record a user who was deleted."""
    _note("USER_DELETED", instance)


@receiver(post_save, sender=Group, dispatch_uid="audit.role_saved")
def note_role(instance: Group, created: bool, **_: Any) -> None:  # noqa: FBT001 - Django's signature
    """Record a role that was made or renamed."""
    _note("ROLE_CREATED" if created else "ROLE_UPDATED", instance)


@receiver(post_delete, sender=Group, dispatch_uid="audit.role_deleted")
def note_deleted_role(instance: Group, **_: Any) -> None:
    """Record a role that was deleted."""
    _note("ROLE_DELETED", instance)


@receiver(m2m_changed, sender=User.groups.through, dispatch_uid="audit.user_roles")
@receiver(m2m_changed, sender=User.user_permissions.through, dispatch_uid="audit.user_permissions")
@receiver(m2m_changed, sender=Group.permissions.through, dispatch_uid="audit.role_permissions")
def note_relations(
    sender: type[Model],
    instance: Model,
    action: str,
    model: type[Model],
    pk_set: set[Any] | None,
    **_: Any,
) -> None:
    """Record roles given and taken, and permissions of users and of roles."""
    words = {"post_add": "added", "post_remove": "removed", "pre_clear": "removed"}
    if action not in words or current_source() is None:
        return
    rows = model._default_manager.all()  # noqa: SLF001 - Django's public API
    if pk_set is not None:
        rows = rows.filter(pk__in=pk_set)
    else:
        rows = rows.filter(pk__in=_related(sender, instance, model))
    names = sorted(str(row) for row in rows)
    if names:
        _note(_VERBS[sender], instance, **{words[action]: names})


_VERBS: Final[dict[type[Model], str]] = {
    User.groups.through: "USER_ROLES_CHANGED",
    User.user_permissions.through: "USER_PERMISSIONS_CHANGED",
    Group.permissions.through: "ROLE_PERMISSIONS_CHANGED",
}


def _related(through: type[Model], instance: Model, model: type[Model]) -> list[Any]:
    """Return the keys of what is about to be taken away altogether."""
    names = {
        field.related_model: field.name
        for field in through._meta.get_fields()  # noqa: SLF001 - Django's public API
        if field.is_relation
    }
    rows = through._default_manager.filter(**{names[type(instance)]: instance})  # noqa: SLF001
    return list(rows.values_list(names[model], flat=True))


def _note(verb: str, target: Model, **details: Any) -> None:
    if current_source() is not None:
        trail.record(verb, actor=trail.current_actor(), target=target, **details)
