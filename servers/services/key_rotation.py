"""Sealing everything anew after a change of the credential keys; only workers' keys can do it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db import transaction

from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import vault
from opsmanager.common.sealed import SealedModel


@dataclass(kw_only=True)
class Rotation:
    """What became of the sealed rows."""

    resealed: int = 0
    """Rows sealed anew with the public key of today."""
    current: int = 0
    """Rows that were sealed with it already."""
    unreadable: list[str] = field(default_factory=list)
    """A sentence for each row that could not be opened, and was left as it is."""
    keys: set[str] = field(default_factory=set)
    """The short names of the key pairs still in use afterwards."""


def rotate(*, actor: User | str, is_rehearsal: bool = False) -> Rotation:
    """Seal each secret that an older key sealed anew with the public key of today.

    Each row is changed in a transaction of its own, so that it can be broken off and called again
    at any time, also while executions run. ``is_rehearsal`` only looks. Raises
    :class:`Unavailable` without a public key.
    """
    done = Rotation()
    for model in _sealed_models():
        for pk in model._default_manager.values_list("pk", flat=True).iterator():  # noqa: SLF001 - Django's public API
            with transaction.atomic():
                row = model._default_manager.select_for_update().filter(pk=pk).first()  # noqa: SLF001 - as above
                if row is not None:
                    _rotate(row, done, is_rehearsal=is_rehearsal)
    if done.resealed and not is_rehearsal:
        trail.record(
            "CREDENTIAL_KEYS_ROTATED",
            actor=actor,
            outcome="FAILED" if done.unreadable else "OK",
            resealed=done.resealed,
            unreadable=len(done.unreadable),
        )
    return done


def _rotate(row: SealedModel, done: Rotation, *, is_rehearsal: bool) -> None:
    before = row.sealed_texts()
    try:
        after = {
            name: vault.resealed(text, row=str(row.pk), field=name) for name, text in before.items()
        }
    except vault.SecretUnreadable as problem:
        kind = row._meta.verbose_name  # noqa: SLF001 - Django's public API
        done.unreadable.append(f"The {kind} {row}: {problem}")
        done.keys |= {vault.key_of(text) for text in before.values()}
        return
    done.keys |= {vault.key_of(text) for text in after.values()}
    if after == before:
        done.current += bool(before)
        return
    done.resealed += 1
    if not is_rehearsal:
        row.put_sealed_texts(after)
        row.save()


def _sealed_models() -> Iterator[type[SealedModel]]:
    yield from (model for model in apps.get_models() if issubclass(model, SealedModel))
