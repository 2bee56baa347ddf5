"""Permissions on single servers and groups go into the trail, wherever they are given."""

from typing import Any, Final

from django.apps import apps
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from opsmanager.audit import trail
from opsmanager.audit.source import current_source

_MODELS: Final = ("UserObjectPermission", "GroupObjectPermission")


def listen() -> None:
    """Listen to the rows in which django-guardian keeps grants."""
    for name in _MODELS:
        model = apps.get_model("guardian", name)
        post_save.connect(_note_grant, sender=model, dispatch_uid=f"audit.granted.{name}")
        post_delete.connect(_note_withdrawal, sender=model, dispatch_uid=f"audit.withdrawn.{name}")


def _note_grant(instance: Any, created: bool, **_: Any) -> None:  # noqa: FBT001 - Django's signature
    if created:
        _note("PERMISSION_GRANTED", instance)


def _note_withdrawal(instance: Any, **_: Any) -> None:
    _note("PERMISSION_WITHDRAWN", instance)


def _note(verb: str, grant: Any) -> None:
    if current_source() is None:
        return
    holder: Model = grant.user if hasattr(grant, "user") else grant.group
    target = grant.content_object
    trail.record(
        verb,
        actor=trail.current_actor(),
        target=target,
        permission=grant.permission.codename,
        holder=str(holder),
        holderType=type(holder).__name__,
        on=str(target) if target else grant.object_pk,
    )
