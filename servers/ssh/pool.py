"""Lends sessions: few connections, shared by many executions, opened and closed in one place."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass

from servers.ssh.breaker import Breaker
from servers.ssh.connection import Connection, connect
from servers.ssh.ending import Ending, Outcome
from servers.ssh.errors import (
    CommandStopped,
    CredentialInvalid,
    LoginRefused,
    PoolClosed,
    Unreachable,
)
from servers.ssh.handshake_gate import HandshakeGate
from servers.ssh.session import Session, StopCheck
from servers.ssh.target import PoolKey, Target
from servers.ssh.watch import Watch

_POLL = 0.2
_TRIES = 4
_FIRST_PAUSE = 0.2
"""Seconds before the second try; twice as long before each further one, and jittered."""

_CLOSE_PATIENCE = 5.0
"""Seconds to wait for connections that are being opened when the pool closes."""


@dataclass(frozen=True, kw_only=True)
class PoolStats:
    """What a pool holds now, for metrics."""

    connections: int
    """Authenticated connections that stand."""
    sessions: int
    """Sessions that are lent."""
    channels: int
    """Channels open on the connections."""
    opening: int
    """Connections being opened."""


class _Lease:
    """One connection of the pool and who uses it; the pool's lock guards it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.users = 0
        self.retired = False
        self.idle_since = time.monotonic()


class _Opening:
    """A connection being opened, with seats for those who wait for it."""

    def __init__(self, seats: int) -> None:
        self.result: Future[None] = Future()
        self.seats = seats


class Pool:
    """Authenticated connections by server, user and credential; safe for threads.

    A connection carries up to ``max_channels`` sessions. A further one opens another connection
    instead of waiting: a session may be held for a whole execution, so waiting could take
    minutes, or for ever where one execution needs two. At most ``handshakes`` connections are
    opened at once, ``per_host_handshakes`` to one server. Idle ones are closed after
    ``idle_timeout`` seconds.
    """

    def __init__(
        self,
        *,
        idle_timeout: float = 60.0,
        max_channels: int = 8,
        handshakes: int = 16,
        per_host_handshakes: int = 5,
    ) -> None:
        self._idle_timeout = idle_timeout
        self._max_channels = max_channels
        self._gate = HandshakeGate(total=handshakes, per_host=per_host_handshakes)
        self._breaker = Breaker()
        self._watch = Watch(on_tick=self._reap)
        self._lock = threading.Lock()
        self._leases: dict[PoolKey, list[_Lease]] = {}
        self._openings: dict[PoolKey, list[_Opening]] = {}
        self._closed = threading.Event()

    @contextmanager
    def session(self, target: Target, *, stop: StopCheck = lambda: None) -> Iterator[Session]:
        """Lend a session to the server, on a connection of others where there is room.

        ``stop`` is asked several times a second while a connection is opened. Raises
        ``Unreachable``, ``HostKeyError``, ``LoginRefused``, ``ShellUnavailable`` and their kinds,
        or ``CommandStopped``; nothing was run then.
        """
        held = [self._borrow(target, stop)]

        def renew(refused: Connection, stop: StopCheck) -> Connection:
            with self._lock:
                for lease in held:
                    lease.retired |= lease.connection is refused
            # The old one is kept until the end: another thread may have a command on it.
            held.append(self._borrow(target, stop))
            return held[-1].connection

        try:
            yield Session(target, held[0].connection, renew=renew)
        finally:
            for lease in held:
                self._give_back(lease)

    def reset(self, target: Target) -> None:
        """Allow logins again that were stopped because the server refused them."""
        self._breaker.reset(target)

    def stats(self) -> PoolStats:
        """Count what the pool holds."""
        with self._lock:
            leases = [lease for kept in self._leases.values() for lease in kept]
            return PoolStats(
                connections=sum(lease.connection.alive for lease in leases),
                sessions=sum(lease.users for lease in leases),
                channels=sum(lease.connection.channels for lease in leases),
                opening=sum(map(len, self._openings.values())),
            )

    def close(self) -> None:
        """Close every connection and stop the pool's threads; remote commands are left alone."""
        self._closed.set()
        with self._lock:
            openings = [opening.result for kept in self._openings.values() for opening in kept]
        wait(openings, timeout=_CLOSE_PATIENCE)
        self._watch.close()
        with self._lock:
            leases = [lease for kept in self._leases.values() for lease in kept]
            self._leases.clear()
        for lease in leases:
            lease.connection.close()

    def _borrow(self, target: Target, stop: StopCheck) -> _Lease:
        while isinstance(place := self._seat(target), _Opening):
            while not wait([place.result], timeout=_POLL).done:
                reason = stop()
                if reason is not None:
                    nothing_ran = Ending(outcome=Outcome.STOPPED)
                    raise CommandStopped(server=target.name, reason=reason, ending=nothing_ran)
            # Whoever waited shares the failure instead of repeating it.
            place.result.result()
        return place

    def _seat(self, target: Target) -> "_Lease | _Opening":
        """Return a lease with the caller as its user, or what the caller has to wait for."""
        key = target.pool_key
        with self._lock:
            if self._closed.is_set():
                raise _closed(target)
            for lease in self._leases.get(key, ()):
                if self._has_room(lease):
                    lease.users += 1
                    return lease
            openings = self._openings.setdefault(key, [])
            for opening in openings:
                if opening.seats:
                    opening.seats -= 1
                    return opening
            opening = _Opening(self._max_channels - 1)
            openings.append(opening)
        # In a thread of its own, so that whoever waits can be told to stop, and so that the
        # connection serves the others even then.
        threading.Thread(
            target=self._open, args=(target, opening), name="ssh-open", daemon=True
        ).start()
        return opening

    def _has_room(self, lease: _Lease) -> bool:
        free = not lease.retired and lease.users < self._max_channels
        return free and lease.connection.alive

    def _open(self, target: Target, opening: _Opening) -> None:
        lease: _Lease | None = None
        error: Exception | None = None
        try:
            lease = _Lease(self._connect(target))
        except Exception as failure:  # noqa: BLE001 -- whatever it is belongs to those who wait
            error = failure
        key = target.pool_key
        with self._lock:
            self._openings[key].remove(opening)
            if not self._openings[key]:
                del self._openings[key]
            if lease is not None and not self._closed.is_set():
                self._leases.setdefault(key, []).append(lease)
        if lease is not None and self._closed.is_set():
            lease.connection.close()
            error = _closed(target)
        if error is None:
            opening.result.set_result(None)
        else:
            opening.result.set_exception(error)

    def _connect(self, target: Target) -> Connection:
        self._breaker.check(target)
        pause = _FIRST_PAUSE
        tries_left = _TRIES
        while True:
            tries_left -= 1
            try:
                with self._gate.passage(target.hostname, target.port):
                    if self._closed.is_set():
                        raise _closed(target)
                    connection = connect(target, self._watch, max_channels=self._max_channels)
            except CredentialInvalid:
                # The server was not asked.
                raise
            except LoginRefused:
                self._breaker.refused(target)
                raise
            except Unreachable as error:
                # Nothing was sent, so trying again is safe.
                if not error.transient or not tries_left:
                    raise
            else:
                self._breaker.reset(target)
                return connection
            jitter = random.uniform(0.5, 1.5)  # noqa: S311 -- nothing secret about it
            self._closed.wait(pause * jitter)
            pause *= 2

    def _give_back(self, lease: _Lease) -> None:
        with self._lock:
            lease.users -= 1
            lease.idle_since = time.monotonic()

    def _reap(self) -> None:
        """Close what is dead, or idle for too long; called every second."""
        with self._lock:
            over = []
            for key, leases in list(self._leases.items()):
                over += [lease for lease in leases if self._is_over(lease)]
                self._leases[key] = [lease for lease in leases if lease not in over]
                if not self._leases[key]:
                    del self._leases[key]
        for lease in over:
            lease.connection.close()

    def _is_over(self, lease: _Lease) -> bool:
        if not lease.connection.alive:
            return True
        # A retired connection may still carry the command of another thread.
        if lease.users or lease.connection.channels:
            return False
        return lease.retired or time.monotonic() - lease.idle_since >= self._idle_timeout


def _closed(target: Target) -> PoolClosed:
    return PoolClosed(
        f"{target.label} was not connected to: this worker is stopping. Another one takes over."
    )
