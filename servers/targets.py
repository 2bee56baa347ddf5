"""From a row to a place to log in to; only here are secrets opened, and only in workers."""

from django.db.models import UUIDField

from opsmanager.common import secrets_in_use, vault
from opsmanager.common.compiled import Compiled
from servers import models
from servers.models import AuthType, Credential, HostKeyState, Server
from servers.reach import the_reach
from servers.ssh.errors import CredentialInvalid
from servers.ssh.host_keys import HostKey
from servers.ssh.target import Target

_KEYS = Compiled(
    lambda server: models.HostKey.objects.filter(server=server, state=HostKeyState.ACCEPTED),
    server=UUIDField(),
)


def accepted_keys(server: Server) -> tuple[HostKey, ...]:
    """Return the host keys that somebody accepted for a server. One query."""
    rows = _KEYS.all(server=server.pk)
    return tuple(HostKey(type=row.type, blob_base64=row.public_key) for row in rows)


def target_of(server: Server, *, keys: tuple[HostKey, ...] | None = None) -> Target:
    """Return the SSH target of a server, its credential opened; ``keys`` if they are at hand.

    Raises :class:`servers.ssh.errors.CredentialInvalid` when there is none or it can't be opened.
    """
    credential = server.credential
    if credential is None:
        raise CredentialInvalid(
            f"{server.name} has no credential. Choose one on the server's page, then try again."
        )
    try:
        secrets = _secrets(credential)
    except vault.SecretUnreadable as problem:
        raise CredentialInvalid(
            f"The credential {credential.name} of {server.name} can't be used: {problem}"
        ) from problem
    secrets_in_use.remember(secrets.values())
    return Target(
        name=server.name,
        hostname=server.hostname,
        port=server.port,
        username=credential.username,
        host_keys=accepted_keys(server) if keys is None else keys,
        recorded=server.keeps_records,
        reach=the_reach(),
        password=secrets.get("password"),
        private_key=secrets.get("private_key"),
        passphrase=secrets.get("passphrase"),
    )


def _secrets(credential: Credential) -> dict[str, str | None]:
    fields = (
        ("password",)
        if credential.auth_type == AuthType.PASSWORD
        else ("private_key", "passphrase")
    )
    texts, row = credential.sealed_texts(), str(credential.pk)
    return {
        field: vault.open_sealed(texts[field], row=row, field=field) if field in texts else None
        for field in fields
    }
