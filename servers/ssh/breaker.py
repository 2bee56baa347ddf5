"""Stops logging in with a credential that a server keeps refusing, before it bans the worker."""

import threading
import time

from servers.ssh.errors import LoginRefused
from servers.ssh.target import PoolKey, Target


class Breaker:
    """Opens for one login after ``limit`` refusals; lets one try through every ``rest`` seconds.

    OpenSSH 9.8 and newer bans an address that keeps failing (PerSourcePenalties), for all its
    users.
    """

    def __init__(self, *, limit: int = 2, rest: float = 60.0) -> None:
        self._limit = limit
        self._rest = rest
        self._lock = threading.Lock()
        self._refusals: dict[PoolKey, tuple[int, float]] = {}

    def check(self, target: Target) -> None:
        """Raise ``LoginRefused`` when this login is not to be tried now."""
        with self._lock:
            count, last = self._refusals.get(target.pool_key, (0, 0.0))
            resting = time.monotonic() - last < self._rest
            if count >= self._limit and not resting:
                # One try; those that come at the same time wait for its result.
                self._refusals[target.pool_key] = (count, time.monotonic())
        if count >= self._limit and resting:
            raise LoginRefused(
                f"{target.label} refused the login of {target.username} {count} times, so it is "
                "not tried again for a minute: the server could ban this worker. Correct the "
                "credential, or the server, then try again."
            )

    def refused(self, target: Target) -> None:
        """Count one refusal."""
        with self._lock:
            count, _ = self._refusals.get(target.pool_key, (0, 0.0))
            self._refusals[target.pool_key] = (count + 1, time.monotonic())

    def reset(self, target: Target) -> None:
        """Forget the refusals: the login worked, or a person says that it will."""
        with self._lock:
            self._refusals.pop(target.pool_key, None)
