"""A started program whose output goes to a file."""

import signal
import subprocess
from pathlib import Path

from opsmanager.embedded.family import Family
from opsmanager.embedded.process import Program
from opsmanager.embedded.watchdog import Watchdog

SHOWN_CHARACTERS = 6000


class Running:
    """A process of a `Program`, in a group of its own; `log` gets all it writes.

    Should the tests themselves be killed, the watchdog ends it.
    """

    def __init__(self, program: Program, *, log: Path, watchdog: Watchdog) -> None:
        self.program = program
        self.log = log
        self._watchdog = watchdog
        account = program.account
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                program.command,
                env=dict(program.environment),
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self._family = Family(self.process.pid)
        watchdog.started(self.process.pid, program.stop_signal)

    @property
    def has_ended(self) -> bool:
        """Whether it is no longer there."""
        return self.process.poll() is not None

    def output(self) -> str:
        """Return all that it wrote so far."""
        return self.log.read_text(errors="replace")

    def last_words(self) -> str:
        """Return the end of what it wrote."""
        return self.output()[-SHOWN_CHARACTERS:]

    def ask_to_stop(self) -> None:
        """Send its stop signal."""
        if not self.has_ended:
            self._family.signal(self.program.stop_signal)

    def kill(self) -> None:
        """End it and all it started, at once."""
        self._family.kill()
        self.process.wait()
        self._watchdog.ended(self.process.pid)

    def stop(self, patience: float = 60) -> None:
        """Stop it, and end what is left of it after `patience` seconds."""
        self.ask_to_stop()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self._family.signal(signal.SIGKILL)
        self._family.kill()
        self.process.wait()
        self._watchdog.ended(self.process.pid)
