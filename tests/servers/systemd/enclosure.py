"""A process tree that can't outlive the test run, however the run ends."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO, Self

# Runs as process 1 of a PID namespace: when it ends, the kernel kills everything inside. It ends
# with the command, or when nobody holds the other end of the lifeline ($1) any more.
_WATCH = '"${@:2}" <&0 & cat <&"$1" >/dev/null & wait -n'
_LOG_TAIL = 4000  # characters
_PATIENCE = 60  # seconds


class Enclosure:
    """A command in PID and mount namespaces of its own, which end with this process.

    The lifeline is a pipe: the kernel closes our end when the context is left, but also when the
    test run is interrupted or killed. Then every process inside is killed, and with the last of
    them go the mounts. Nothing is left to be cleaned up.

    `keep` are file descriptors that stay open until the last process inside is gone.
    """

    def __init__(
        self, *command: str, stdin: IO[bytes] | None = None, keep: Sequence[int] = ()
    ) -> None:
        self._command = command
        self._stdin = stdin
        self._keep = tuple(keep)

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        theirs, self._lifeline = _pipe()
        try:
            self._process = subprocess.Popen(
                [
                    *("unshare", "--mount", "--propagation", "private"),
                    *("--pid", "--fork", "--kill-child", "--mount-proc"),
                    *("bash", "-c", _WATCH, "enclosure", str(theirs.fileno()), *self._command),
                ],
                stdin=self._stdin or subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(), *self._keep),
                start_new_session=True,  # Ctrl-C is for the test run, which then ends this
            )
        except BaseException:
            self._lifeline.close()
            self._log.close()
            raise
        finally:
            theirs.close()
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()
        self._log.close()

    @property
    def pid(self) -> int:
        """The process that waits for all others; once it is gone, so are they."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the command still runs."""
        return self._process.poll() is None

    def wait(self, timeout: float) -> int:
        """Wait `timeout` seconds for the command's end; return its exit code.

        Raises subprocess.TimeoutExpired.
        """
        return self._process.wait(timeout)

    def end(self) -> None:
        """Kill whatever still runs inside and wait until it is gone."""
        self._lifeline.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            # Then it is told outright: the kernel ends all inside with it (--kill-child).
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        """Return the end of what the command wrote so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-_LOG_TAIL:]


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    """Return the two ends of a new pipe, reading end first."""
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", buffering=0), os.fdopen(writing, "wb", buffering=0)
