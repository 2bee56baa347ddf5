"""The transport of a worker: a server's row and credential, on the process's pool."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from django.db import connection

from automation.runner.lease import Lease
from automation.runner.ssh_transport import SshTransport
from servers import known_keys
from servers.models import Server
from servers.ssh.host_keys import HostKey
from servers.ssh.pool import Pool
from servers.ssh.target import Target
from servers.targets import target_of


class ServerTransport(SshTransport):
    """Logs in with the server's credential and keeps the host keys it is shown, for a person.

    ``keys`` are the accepted ones, looked up while a connection to the database was at hand;
    ``recorded`` is whether the server kept records when the execution was begun; ``learn`` is
    called with the credential's secrets once they were opened, so that they can be masked.
    """

    def __init__(
        self,
        *,
        server: Server,
        keys: tuple[HostKey, ...],
        pool: Pool,
        lease: Lease,
        recorded: bool,
        learn: Callable[[Iterable[str | None]], None],
    ) -> None:
        super().__init__(target=self._open_target, pool=pool, stop=lease)
        self._server = server
        self._recorded = recorded
        self._learn = learn
        self._keys = keys

    def note_offered(self, key: HostKey) -> None:
        """Keep the key for a person to judge."""
        known_keys.note_offered(self._server, key)
        connection.close()

    def _open_target(self) -> Target:
        target = replace(target_of(self._server, keys=self._keys), recorded=self._recorded)
        self._learn((target.password, target.private_key, target.passphrase))
        return target
