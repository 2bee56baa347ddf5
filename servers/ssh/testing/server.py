"""The server: a listening socket, its logins, and a session for each exec request."""

import hmac
import socket
import threading
import time
from collections.abc import Collection, Mapping
from io import StringIO
from typing import Self

from paramiko import Channel, Ed25519Key, Message, PKey, ServerInterface, Transport
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

from servers.ssh.testing.process import Launch, launch_locally
from servers.ssh.testing.session import Session

JOIN_TIMEOUT = 2.0
LISTEN_BACKLOG = 128
LOGIN_GRACE = 30.0
MAX_SESSIONS = 10
"""Channels a connection may have open at once: sshd's own default."""
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class SshServer:
    """A real SSH server on a loopback address that runs exec requests by a launcher.

    No terminal, no shell request, no forwarding, no file transfer. Use it as a context manager,
    or call :meth:`start` and :meth:`close`::

        key = generate_key()
        with SshServer(host_key=key.private_key, passwords={"noc": "secret"}) as server:
            client.connect("127.0.0.1", server.port, ...)

    ``authorized_keys`` maps a user to the base64 public keys that may log in, ``passwords`` a user
    to the password. ``login_delay`` (seconds) makes every login slow.
    """

    def __init__(
        self,
        *,
        host_key: str,
        host: str = "127.0.0.1",
        port: int = 0,
        authorized_keys: Mapping[str, Collection[str]] | None = None,
        passwords: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        launch: Launch = launch_locally,
        login_delay: float = 0.0,
        max_sessions: int = MAX_SESSIONS,
    ) -> None:
        self.host = host
        self.port = port
        """The port it listens on; chosen by :meth:`start` where 0 was asked for."""
        self.authorized_keys = {user: set(keys) for user, keys in (authorized_keys or {}).items()}
        self.passwords = dict(passwords or {})
        self.environment = dict(environment or {"PATH": DEFAULT_PATH})
        self.launch = launch
        self.login_delay = login_delay
        self.max_sessions = max_sessions
        self._host_key = Ed25519Key.from_private_key(StringIO(host_key))
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._connections: list[_Connection] = []
        self._lock = threading.Lock()
        self._closing = False

    def start(self) -> None:
        """Listen, and serve in the background. Raises ``OSError`` when the port is taken."""
        listener = socket.create_server((self.host, self.port), backlog=LISTEN_BACKLOG)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._acceptor = threading.Thread(
            target=self._accept, args=(listener,), name="sshd-accept", daemon=True
        )
        self._acceptor.start()

    def close(self) -> None:
        """Stop listening, drop every connection and end the commands that still run."""
        with self._lock:
            self._closing = True
            connections, self._connections = self._connections, []
        self._stop_listening()
        for connection in connections:
            connection.close()

    def go_away(self) -> None:
        """Cut every connection and accept no more, until :meth:`start`; commands go on."""
        self._stop_listening()
        self.drop_connections()

    def _stop_listening(self) -> None:
        if self._listener is not None and self._acceptor is not None:
            # Waking the acceptor needs the shutdown: closing alone leaves it in accept().
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._acceptor.join(JOIN_TIMEOUT)
            self._listener = self._acceptor = None

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        with self._lock:
            return sum(connection.transport.is_active() for connection in self._connections)

    def drop_connections(self) -> None:
        """Cut every connection as a lost network would; commands go on, and so does the server."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.transport.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection = _Connection(self, client)
            with self._lock:
                if self._closing:
                    client.close()
                    return
                self._connections = [c for c in self._connections if not c.is_over]
                self._connections.append(connection)
                connection.start(self._host_key)


class _Transport(Transport):
    """A transport that tells a session when the answer to its request has been sent.

    paramiko answers only after ``check_channel_exec_request`` has returned, so that a quick
    command could end, and close the channel, before the client heard that it was accepted.
    """

    def __init__(self, client: socket.socket) -> None:
        super().__init__(client)
        self.awaiting: list[threading.Event] = []

    def _send_user_message(self, data: Message) -> None:
        super()._send_user_message(data)  # type: ignore[misc]
        if threading.current_thread() is self:
            while self.awaiting:
                self.awaiting.pop().set()


class _Connection(ServerInterface):
    """One client: who it is, and its sessions."""

    def __init__(self, server: SshServer, client: socket.socket) -> None:
        self.transport = _Transport(client)
        self._server = server
        self._sessions: list[Session] = []
        self._environments: dict[int, dict[str, str]] = {}
        self._opened: list[Channel] = []

    def start(self, host_key: PKey) -> None:
        self.transport.add_server_key(host_key)
        self.transport.auth_timeout = LOGIN_GRACE
        # With an event it negotiates in its own thread; without, it would hold up the acceptor.
        self.transport.start_server(event=threading.Event(), server=self)

    @property
    def is_over(self) -> bool:
        return not self.transport.is_alive() and all(s.is_over for s in self._sessions)

    def close(self) -> None:
        self.transport.close()
        self.transport.join(JOIN_TIMEOUT)
        for session in self._sessions:
            session.kill()
        for session in self._sessions:
            session.join(JOIN_TIMEOUT)

    def get_allowed_auths(self, username: str) -> str:
        methods = {
            "publickey": username in self._server.authorized_keys,
            "password": username in self._server.passwords,
        }
        # A user nobody knows is asked as everybody is: the answer tells nothing.
        return ",".join(m for m, offered in methods.items() if offered) or "publickey,password"

    def check_auth_publickey(self, username: str, key: PKey) -> int:
        time.sleep(self._server.login_delay)
        known = self._server.authorized_keys.get(username, set())
        return AUTH_SUCCESSFUL if key.get_base64() in known else AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        time.sleep(self._server.login_delay)
        expected = self._server.passwords.get(username)
        right = expected is not None and hmac.compare_digest(expected.encode(), password.encode())
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        self._sessions = [session for session in self._sessions if not session.is_over]
        if kind != "session":
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        if len(self._sessions) >= self._server.max_sessions:
            return OPEN_FAILED_CONNECT_FAILED
        return OPEN_SUCCEEDED

    def check_channel_env_request(self, channel: Channel, name: bytes, value: bytes) -> bool:
        if not name.startswith((b"LANG", b"LC_")):
            return False
        variables = self._environments.setdefault(channel.get_id(), {})
        variables[name.decode()] = value.decode(errors="replace")
        return True

    def check_channel_exec_request(self, channel: Channel, command: bytes) -> bool:
        # paramiko queues each new channel for accept(); nobody else would ever take it out. It need
        # not be this one, and a channel that nobody holds is closed by the garbage collection.
        opened = self.transport.accept(timeout=0)
        self._opened = [one for one in (*self._opened, opened) if one and not one.closed]
        session = Session(
            channel=channel,
            command=command.decode(errors="surrogateescape"),
            environment=self._server.environment | self._environments.pop(channel.get_id(), {}),
            launch=self._server.launch,
        )
        self._sessions.append(session)
        self.transport.awaiting.append(session.accepted)
        session.start()
        return True
