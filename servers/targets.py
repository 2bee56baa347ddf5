"""From a row to a place to log in to; only here are secrets opened, and only in workers."""

from opsmanager.common import secrets_in_use, vault
from servers.models import AuthType, Credential, HostKeyState, Server
from servers.reach import the_reach
from servers.ssh.errors import CredentialInvalid
from servers.ssh.host_keys import HostKey
from servers.ssh.target import Target


def target_of(server: Server) -> Target:
    """Return the SSH target of a server, its credential opened.

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
    keys = server.host_keys.filter(state=HostKeyState.ACCEPTED)
    return Target(
        name=server.name,
        hostname=server.hostname,
        port=server.port,
        username=credential.username,
        host_keys=tuple(HostKey(type=key.type, blob_base64=key.public_key) for key in keys),
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
