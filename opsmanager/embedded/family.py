"""A process and everything it started, so that ending it leaves nothing behind."""

import contextlib
import os
import signal

import psutil


class Family:
    """A process, usually one that leads a process group, with its group and its descendants.

    The descendants are those seen at the last `look()`: one whose parents have died is an orphan
    that nothing links to us any more, so look before ending the leader.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._members: set[psutil.Process] = set()
        self.look()

    def look(self) -> None:
        """Remember who belongs to the family now."""
        with contextlib.suppress(psutil.NoSuchProcess):
            leader = psutil.Process(self.pid)
            self._members.add(leader)
            self._members.update(leader.children(recursive=True))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the leader's process group, to it alone where it leads none."""
        self.look()
        # macOS answers EPERM for a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send = os.killpg if self._leads_group() else os.kill
            send(self.pid, number)

    def kill(self) -> None:
        """End at once whoever is left, in the group or out of it."""
        self.signal(signal.SIGKILL)
        for member in self._members:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()

    def _leads_group(self) -> bool:
        try:
            return os.getpgid(self.pid) == self.pid
        except ProcessLookupError:
            # The leader has gone; others of its group may live.
            return True

    @property
    def is_alive(self) -> bool:
        """Whether any known member still lives; a dead one nobody waited for does not count."""
        return any(_lives(member) for member in self._members)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
