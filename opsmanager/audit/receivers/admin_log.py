"""What the Django admin changes elsewhere goes into the trail too, so that nothing is left out."""

from typing import Any, Final

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db.models.signals import post_save
from django.dispatch import receiver

from opsmanager.audit import trail
from opsmanager.audit.source import current_source

_VERBS: Final = {ADDITION: "ADMIN_ADDED", CHANGE: "ADMIN_CHANGED", DELETION: "ADMIN_DELETED"}
_TOLD_ELSEWHERE: Final = ("accounts", "auth", "automation", "guardian", "servers")
"""Apps whose services and receivers tell of changes themselves, and better."""


@receiver(post_save, sender=LogEntry, dispatch_uid="audit.admin_log")
def note_change(instance: LogEntry, created: bool, **_: Any) -> None:  # noqa: FBT001 - Django's signature
    """Record a change in the admin that nothing else tells of."""
    kind = instance.content_type
    if not created or current_source() is None or kind is None:
        return
    if kind.app_label not in _TOLD_ELSEWHERE:
        trail.record(
            _VERBS[instance.action_flag],
            actor=trail.current_actor(),
            message=instance.get_change_message(),
            object=instance.object_repr,
            objectId=str(instance.object_id),
            objectType=f"{kind.app_label}.{kind.model}",
        )
