"""Keeping the host keys that workers see, for a person to judge."""

from django.db import transaction
from django.db.models.functions import Now

from servers.models import HostKey, HostKeyState, Server
from servers.ssh.host_keys import HostKey as SshHostKey


@transaction.atomic
def note_offered(server: Server, key: SshHostKey) -> HostKey:
    """Keep the key that the server offers now, in place of the one it offered before."""
    Server.objects.select_for_update().get(pk=server.pk)
    row, _made = HostKey.objects.update_or_create(
        server=server,
        state=HostKeyState.OFFERED,
        defaults={
            "type": key.type,
            "public_key": key.blob_base64,
            "fingerprint": key.fingerprint,
            "seen_at": Now(),
        },
    )
    return row
