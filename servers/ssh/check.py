"""Tells whether a server can be used: reachable, the accepted one, and the login works."""

import time

from servers.ssh.connection import connect
from servers.ssh.target import Target
from servers.ssh.watch import Watch


def check(target: Target) -> float:
    """Log in for real, once, run ``id``, and return how long all of it took, in milliseconds.

    Raises ``SshError``, whose message is for people.
    """
    started = time.monotonic()
    watch = Watch()
    try:
        connect(target, watch).close()
    finally:
        watch.close()
    return (time.monotonic() - started) * 1000
