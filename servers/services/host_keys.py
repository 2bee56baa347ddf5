"""Accepting a server's host key: a person's decision, audited."""

from django.db import transaction
from django.db.models.functions import Now

from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common.problems import Conflict
from servers.models import HostKey, HostKeyState, Server
from servers.selectors import host_keys as selectors


@transaction.atomic
def accept(*, actor: User, server: Server, fingerprint: str) -> HostKey:
    """Accept the key that the server last offered, if it has this fingerprint.

    Raises :class:`Conflict` when no key was offered, or another one.
    """
    Server.objects.select_for_update().get(pk=server.pk)
    known = selectors.of(server)
    offered = known.offered
    if offered is None:
        raise Conflict(f"No key of {server.name} was looked at yet. Look at its key first.")
    if offered.fingerprint != fingerprint.strip():
        raise Conflict(
            f"{server.name} now offers {offered.fingerprint}, not the key that you accept. Look at "
            "its key again and compare."
        )
    if known.accepted and known.accepted.fingerprint == offered.fingerprint:
        return known.accepted
    return _pin(actor=actor, server=server, former=known.accepted, key=offered)


@transaction.atomic
def pin(*, server: Server, type: str, public_key: str, fingerprint: str) -> HostKey:  # noqa: A002
    """Accept a key that came with the server itself, as a demo server's does."""
    key, _made = HostKey.objects.update_or_create(
        server=server,
        state=HostKeyState.OFFERED,
        defaults={"type": type, "public_key": public_key, "fingerprint": fingerprint},
    )
    return _pin(actor=None, server=server, former=selectors.of(server).accepted, key=key)


def _pin(*, actor: User | None, server: Server, former: HostKey | None, key: HostKey) -> HostKey:
    if former is not None:
        former.state = HostKeyState.RETIRED
        former.save()
    key.state = HostKeyState.ACCEPTED
    key.accepted_by = actor
    key.accepted_at = Now()
    key.save()
    key.refresh_from_db()
    trail.record(
        "HOST_KEY_ACCEPTED",
        actor=actor or "worker:setup",
        target=server,
        fingerprint=key.fingerprint,
        former=former.fingerprint if former else None,
    )
    return key
