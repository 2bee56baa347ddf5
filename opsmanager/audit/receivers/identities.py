"""Who was linked to which person at the provider of single sign-on goes into the trail."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from opsmanager.accounts.models import Identity
from opsmanager.audit import trail
from opsmanager.audit.source import current_source


@receiver(post_save, sender=Identity, dispatch_uid="audit.identity_saved")
def note_link(instance: Identity, created: bool, **_: Any) -> None:  # noqa: FBT001 - Django's signature
    """Record that somebody at the provider is a user from now on."""
    if created:
        _note("IDENTITY_LINKED", instance)


@receiver(post_delete, sender=Identity, dispatch_uid="audit.identity_deleted")
def note_end_of_link(instance: Identity, **_: Any) -> None:
    """Record that somebody at the provider is no user any more."""
    _note("IDENTITY_UNLINKED", instance)


def _note(verb: str, identity: Identity) -> None:
    if current_source() is not None:
        trail.record(
            verb,
            actor=trail.current_actor(),
            target=identity.user,
            issuer=identity.issuer,
            subject=identity.subject,
        )
