"""Credentials: made and changed with their secrets sealed at once, never read back."""

from django.db import transaction

from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import vault
from opsmanager.common.problems import Conflict, Invalid
from servers.models import AuthType, Credential


@transaction.atomic
def save(
    *,
    actor: User | None,
    credential: Credential | None = None,
    name: str,
    username: str,
    auth_type: str,
    password: str = "",
    private_key: str = "",
    passphrase: str = "",
) -> Credential:
    """Make a credential, or change one; an empty secret leaves the stored one as it is.

    Raises :class:`Invalid` when the kind's own secret is missing.
    """
    is_new = credential is None
    row = credential or Credential()
    row.name, row.username, row.auth_type = name, username, auth_type
    # A pasted key often lacks its last newline, without which OpenSSH's format can't be read.
    given = {
        "password": password,
        "private_key": private_key.strip() + "\n" if private_key.strip() else "",
        "passphrase": passphrase,
    }
    for field, value in given.items():
        if value:
            setattr(row, f"sealed_{field}", vault.seal(value, row=str(row.pk), field=field))
    _require_its_secret(row)
    row.save()
    trail.record(
        "CREDENTIAL_CREATED" if is_new else "CREDENTIAL_UPDATED",
        actor=actor,
        target=row,
        username=username,
        authType=auth_type,
        secretsGiven=[field for field, value in given.items() if value],
    )
    return row


@transaction.atomic
def delete(*, actor: User, credential: Credential) -> None:
    """Delete a credential that no server uses. Raises :class:`Conflict`."""
    users = list(credential.servers.values_list("name", flat=True)[:5])
    if users:
        raise Conflict(
            f"{credential.name} is used by {', '.join(users)}. Give them another one first."
        )
    trail.record("CREDENTIAL_DELETED", actor=actor, target=credential)
    credential.delete()


def _require_its_secret(row: Credential) -> None:
    if row.auth_type == AuthType.PASSWORD and not row.sealed_password:
        raise Invalid("Enter the password.", details={"password": ["Enter the password."]})
    if row.auth_type == AuthType.PRIVATE_KEY and not row.sealed_private_key:
        raise Invalid(
            "Enter the private key.",
            details={"privateKey": ["Paste the private key, as in ~/.ssh/id_ed25519."]},
        )
