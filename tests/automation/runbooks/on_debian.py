"""A real Debian server as a test of a runbook uses it."""

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from automation.engine.executor import Executor
from automation.engine.params import parse
from automation.engine.results import Outcome
from automation.engine.runbook import Runbook
from automation.engine.testing import ManualStop, MemoryJournal
from tests.automation.runbooks.openssh import OpensshTransport
from tests.servers.systemd import untouched
from tests.servers.systemd.machines import SystemdMachine

PLAYGROUND = "/srv/opsmanager-try"
"""A folder of the test's own on the machine, gone afterwards."""


class RealTime(ManualStop):
    """Never stops, and really waits."""

    def wait(self, seconds: float) -> str | None:
        time.sleep(seconds)
        return super().wait(seconds)


class Debian:
    """A machine, and an executor that is logged in to it."""

    def __init__(self, machine: SystemdMachine, user: str, folder: Path) -> None:
        self.machine = machine
        self.user = user
        self.journal = MemoryJournal()
        transport = OpensshTransport(machine, user, folder)
        self.executor = Executor(transport=transport, journal=self.journal, stop=RealTime())

    def execute(
        self, runbook: type[Runbook], params: dict[str, Any], *, is_dry_run: bool = False
    ) -> Outcome:
        """Run a runbook with these parameters."""
        return self.executor.execute(parse(runbook, params), is_dry_run=is_dry_run)

    def roll_back(self, runbook: type[Runbook], params: dict[str, Any], done: Outcome) -> Outcome:
        """Take an execution back."""
        return self.executor.roll_back(
            parse(runbook, params), data=done.data, steps_done=done.steps_done
        )

    def sh(self, script: str, *arguments: str, check: bool = True) -> str:
        """Run a script on it as root, past sshd, to arrange or to look; return what it prints."""
        return self.machine.run("sh", "-c", script, "sh", *arguments, check=check).stdout

    def files(self) -> list[str]:
        """Return its files with all that a change of one would change."""
        return untouched.files(self.machine)

    def processes(self) -> set[str]:
        """Return its processes but those of a login: "pid, start time, command line"."""
        return untouched.processes(self.machine)

    def untouched(self) -> AbstractContextManager[None]:
        """Check that whatever is done meanwhile changes no file and no process of it."""
        return untouched.untouched(self.machine)
