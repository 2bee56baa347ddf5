"""Ends a command's processes on the server and makes sure that none is left."""

import math
from collections.abc import Callable
from uuid import UUID

from servers.ssh import script
from servers.ssh.connection import Connection
from servers.ssh.ending import Ending, Outcome

_OVERHEAD = 20.0
"""Seconds that looking through /proc and the last KILL may take on a loaded server."""


def end_processes(
    connection: Connection,
    *,
    action_id: UUID,
    session_id: int,
    kill_after: float,
    sudo: bool,
    meanwhile: Callable[[], None] = lambda: None,
) -> Ending:
    """TERM, wait ``kill_after`` seconds, KILL, and look again.

    ``session_id`` is the command's session on the server, 0 when it has none of its own;
    ``sudo`` because its processes may belong to root; ``meanwhile`` is called several times a
    second. Raises ``SshError`` when the server cannot be asked.
    """
    grace = max(0, math.ceil(kill_after))
    text = script.call("end", str(session_id), str(action_id), str(grace))
    if sudo and connection.uid != 0:
        # Where sudo does not allow a shell, what this login may kill is killed without.
        text = f"sudo -n {text} || {text}"
    answer = connection.ask(text, timeout=grace + _OVERHEAD, meanwhile=meanwhile)
    match answer.stdout.split():
        case ["ended"]:
            return Ending(outcome=Outcome.STOPPED)
        case ["left", *pids]:
            return Ending(outcome=Outcome.STILL_RUNNING, pids=tuple(sorted(map(int, pids))))
        case _:
            # A server without /proc or with a broken shell: nobody knows.
            return Ending(outcome=Outcome.UNREACHABLE)
