"""A world's first process: lays out its files, starts its units, launches commands, reaps all."""

import os
import resource
import select
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from opsmanager.embedded.demo.inside import contents, unit_record
from opsmanager.embedded.demo.inside.contents import Contents
from opsmanager.embedded.demo.inside.messages import (
    Begin,
    Ended,
    Kill,
    Launch,
    Ready,
    Refused,
    receive,
    send,
)
from opsmanager.embedded.demo.inside.supervision import Supervisor

RESERVED_PROCESSES = 32
"""How many of a world's processes only this one may start."""
CROWD = 80
CROWD_PATIENCE = 3.0
"""Seconds for which a world may have a crowd of processes before they are all ended."""
STREAMS = 3
CANNOT_START = 126
LOOK_EVERY = 0.5
PATIENCE = 10.0
SYSTEMCTL = "/opt/demo/bin/systemctl"


def main(arguments: list[str]) -> int:
    """Run the world until the outside lets go of the control socket."""
    control = socket.socket(fileno=int(arguments[0]))
    control.set_inheritable(False)
    begin, _ = receive(control)
    if not isinstance(begin, Begin):
        return 1
    try:
        First(control).run(Contents.from_json(begin.contents))
    except (OSError, subprocess.SubprocessError) as error:
        # Nobody sees this process's output: a world that dies says why, or nobody knows.
        send(control, Refused(reason=str(error)))
        return 1
    return 0


class First:
    """The first process. What it does not wait for, nobody does."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._commands: dict[int, int] = {}
        self._supervisor = Supervisor(start=self._start_unit)
        self._units: tuple[str, ...] = ()
        self._crowded_since: float | None = None
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)  # noqa: FBT003  its only parameter
        self._wake.setblocking(False)  # noqa: FBT003  its only parameter

    def run(self, plan: Contents) -> None:
        """Begin, then serve until the outside has gone."""
        signal.set_wakeup_fd(self._wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        contents.lay_out(plan)
        self._units = plan.units
        self._start_units()
        for unit in plan.killed:
            self._lose(unit)
        send(self._control, Ready())
        with suppress(EOFError):
            while True:
                readable, _, _ = select.select([self._control, self._woken], [], [], LOOK_EVERY)
                if self._woken in readable:
                    self._woken.recv(4096)
                self._reap()
                self._supervisor.look()
                self._watch_crowd()
                if self._control in readable:
                    self._obey()

    def _lose(self, unit: str) -> None:
        """Have a unit's main process die the hard way, as on a bad night."""
        main_process = subprocess.run(
            [SYSTEMCTL, "show", "-p", "MainPID", "--value", unit],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        if int(main_process) == 0:
            # It never came up: as down as it is meant to be.
            return
        os.kill(int(main_process), signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while not unit_record.UnitRecord.read(unit).failed and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.01)

    def _watch_crowd(self) -> None:
        """End a fork bomb: nobody could log in to do it."""
        if sum(entry.name.isdecimal() for entry in Path("/proc").iterdir()) < CROWD:
            self._crowded_since = None
        elif self._crowded_since is None:
            self._crowded_since = time.monotonic()
        elif time.monotonic() - self._crowded_since > CROWD_PATIENCE:
            self._crowded_since = None
            os.kill(-1, signal.SIGKILL)
            self._start_units()

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                code = os.waitstatus_to_exitcode(status)
                command = self._commands.pop(pid, None)
                if command is not None:
                    send(self._control, Ended(id=command, code=code))
                else:
                    self._supervisor.note_end(pid, code)

    def _obey(self) -> None:
        message, descriptors = receive(self._control, descriptors=STREAMS)
        if isinstance(message, Launch) and len(descriptors) == STREAMS:
            try:
                self._commands[self._spawn(message, descriptors)] = message.id
            except OSError as error:
                with suppress(OSError):
                    os.write(descriptors[2], f"cannot start a process: {error.strerror}\n".encode())
                send(self._control, Ended(id=message.id, code=CANNOT_START))
        elif isinstance(message, Kill):
            for pid, command in self._commands.items():
                if command == message.id:
                    _end_session(pid)
        for descriptor in descriptors:
            os.close(descriptor)

    def _start_units(self) -> None:
        """Start all units, and wait until that is done."""
        subprocess.run([SYSTEMCTL, "start", *self._units], check=False)

    def _start_unit(self, unit: str) -> None:
        """Start a unit again by itself, without waiting for it."""
        words = [SYSTEMCTL, "start", "--automatic", unit]
        null = os.open(os.devnull, os.O_RDWR)
        try:
            self._spawn(Launch(id=0, words=words, environment=dict(os.environ)), [null] * 3)
        finally:
            os.close(null)

    def _spawn(self, launch: Launch, streams: list[int]) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setsid()
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            for target, source in enumerate(streams):
                os.dup2(source, target)
            # Received descriptors are inherited: whoever kept one would hold a stream open.
            os.closerange(len(streams), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
            limit = resource.getrlimit(resource.RLIMIT_NPROC)[0] - RESERVED_PROCESSES
            resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
            os.chdir(launch.environment.get("HOME", "/"))
            os.execve(launch.words[0], launch.words, launch.environment)  # noqa: S606
        finally:
            os._exit(127)


def _end_session(leader: int) -> None:
    """Kill every process of the session, whichever group it is in."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if os.getsid(int(entry.name)) == leader:
                    os.kill(int(entry.name), signal.SIGKILL)
