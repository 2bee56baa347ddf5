"""What the server needs of a process, and the launcher that starts one on this machine."""

import subprocess
from collections.abc import Callable, Mapping
from typing import IO, Protocol


class Process(Protocol):
    """A running command. ``subprocess.Popen`` with ``bufsize=0`` is one."""

    stdin: IO[bytes] | None
    """Unbuffered, with a file descriptor, as the two below. ``None`` closes the stream."""
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def wait(self) -> int:
        """Wait for the end; return the exit status, or minus the signal that ended it."""

    def kill(self) -> None:
        """End the command at once; no error when it has ended already."""


Launch = Callable[[str, Mapping[str, str]], Process]
"""Starts the command of an exec request, with the environment the server gives it.

An ``OSError`` becomes a line on the command's standard error and exit status 126.
"""


def launch_locally(command: str, environment: Mapping[str, str]) -> Process:
    """Run the command by ``/bin/sh`` on this machine, in a session of its own, as sshd does."""
    return subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=dict(environment),
        start_new_session=True,
    )
