"""A world seen from outside: begins, launches commands in it, ends with everything in it."""

import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import opsmanager
from opsmanager.embedded.demo.containment.errors import ContainmentUnavailable, WorldEnded
from opsmanager.embedded.demo.containment.plan import Plan
from opsmanager.embedded.demo.inside.contents import Contents
from opsmanager.embedded.demo.inside.messages import (
    Begin,
    Ended,
    Kill,
    Launch,
    Message,
    Ready,
    Refused,
    receive,
    send,
)
from opsmanager.embedded.demo.pipes import Pipes

BEGIN_TIMEOUT = 60.0
END_TIMEOUT = 5.0
_LOST = -9


class WorldProcess:
    """A command in a world; the process of :class:`servers.ssh.testing.Process`."""

    def __init__(self, world: "World", number: int, pipes: Pipes) -> None:
        self.stdin: IO[bytes] | None = pipes.stdin
        self.stdout: IO[bytes] | None = pipes.stdout
        self.stderr: IO[bytes] | None = pipes.stderr
        self._world = world
        self._number = number
        self._over = threading.Event()
        self._code = _LOST

    def wait(self) -> int:
        """Wait for the end; return the exit status, or minus the signal that ended it."""
        self._over.wait()
        return self._code

    def kill(self) -> None:
        """End the command and everything of its session."""
        self._world.kill(self._number)

    def note_end(self, code: int) -> None:
        """Take in how it ended."""
        self._code = code
        self._over.set()


class World:
    """One contained world: a root folder, processes, a network and a host name of its own."""

    def __init__(self, plan: Plan, contents: Contents) -> None:
        self._plan = plan
        self._contents = contents
        self._boot: subprocess.Popen[bytes] | None = None
        self._beginning: socket.socket | None = None
        self._control: socket.socket | None = None
        self._listener: threading.Thread | None = None
        self._processes: dict[int, WorldProcess] = {}
        self._last = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Begin to build the world; :meth:`wait_until_ready` tells how that went.

        Call it from a thread that lives as long as the world is to live.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(BEGIN_TIMEOUT)
        with theirs:
            self._boot = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "opsmanager.embedded.demo.containment.boot",
                    str(theirs.fileno()),
                    self._plan.to_json(),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # A terminal in the world would be a way out of it.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": str(Path(opsmanager.__path__[0]).parent)},
                start_new_session=True,
            )
        self._beginning = ours

    def wait_until_ready(self) -> None:
        """Wait until the world's units have been started; only then commands can be launched.

        Raises ``ContainmentUnavailable`` where this machine does not allow a world.
        """
        ours, self._beginning = self._beginning, None
        if ours is None:
            return
        answer: Message | None
        try:
            # One that refuses may have ended by now; its reason can be read all the same, after the
            # error that it left our words unread.
            with suppress(OSError):
                send(ours, Begin(contents=self._contents.to_json()))
            try:
                answer, _ = receive(ours)
            except ConnectionResetError:
                answer, _ = receive(ours)
        except (EOFError, OSError):
            answer = Refused(reason="the world's first process did not answer")
        if not isinstance(answer, Ready):
            self._end_boot()
            ours.close()
            reason = answer.reason if isinstance(answer, Refused) else "it spoke nonsense"
            raise ContainmentUnavailable(reason)
        ours.settimeout(None)
        self._control = ours
        self._listener = threading.Thread(target=self._listen, args=(ours,), daemon=True)
        self._listener.start()

    @property
    def is_alive(self) -> bool:
        """Whether it is there."""
        return self._boot is not None and self._boot.poll() is None

    def end(self) -> None:
        """End everything in it, at once."""
        if self._control is not None:
            with suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)
        self._end_boot()
        if self._listener is not None:
            self._listener.join(END_TIMEOUT)
        for side in (self._control, self._beginning):
            if side is not None:
                side.close()
        self._control = self._beginning = self._listener = None

    def launch(self, command: str, environment: Mapping[str, str]) -> WorldProcess:
        """Run a command by the world's ``/bin/sh``; raises ``WorldEnded`` where there is none."""
        pipes = Pipes.open()
        try:
            with self._lock:
                if self._control is None:
                    raise WorldEnded("This demo server is starting. Try again in a moment.")
                self._last += 1
                number = self._last
                words = ["/bin/sh", "-c", command]
                message = Launch(id=number, words=words, environment=dict(environment))
                send(self._control, message, pipes.theirs)
                process = self._processes[number] = WorldProcess(self, number, pipes)
        except OSError:
            pipes.close_ours()
            raise
        finally:
            pipes.close_theirs()
        return process

    def kill(self, number: int) -> None:
        """End the command of this number, if it still runs."""
        with suppress(OSError), self._lock:
            if self._control is not None and number in self._processes:
                send(self._control, Kill(id=number))

    def _end_boot(self) -> None:
        if self._boot is not None:
            # The kernel then kills the world's first process, and with it all others.
            self._boot.kill()
            self._boot.wait(END_TIMEOUT)

    def _listen(self, control: socket.socket) -> None:
        with suppress(OSError, EOFError):
            while True:
                message, _ = receive(control)
                self._take_in(message)
        with self._lock:
            lost = list(self._processes.values())
            self._processes.clear()
        for process in lost:
            process.note_end(_LOST)

    def _take_in(self, message: Message | None) -> None:
        if not isinstance(message, Ended):
            return
        with self._lock:
            process = self._processes.pop(message.id, None)
        if process is not None:
            process.note_end(message.code)
