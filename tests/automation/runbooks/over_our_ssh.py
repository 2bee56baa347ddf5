"""A real Debian server as a worker reaches it: our own SSH, records included."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from automation.engine.executor import Executor
from automation.engine.params import parse
from automation.engine.ports import Action
from automation.engine.results import Outcome
from automation.engine.runbook import Runbook
from automation.engine.testing import MemoryJournal
from automation.runner.ssh_transport import SshTransport
from automation.testing.time_limit import TimeLimit
from servers.ssh.host_keys import HostKey
from servers.ssh.pool import Pool
from servers.ssh.target import Target
from tests.servers.systemd.machines import SystemdMachine

LIMIT = 300
"""Seconds for one execution."""


class HookedJournal(MemoryJournal):
    """Lets a test do something on the server as a step begins, or before a change is sent."""

    def __init__(self, before: Mapping[str, Callable[[], object]]) -> None:
        super().__init__()
        self._before = before

    def begin(self, action: Action) -> None:
        if action.changes and action.step_name in self._before:
            self._before[action.step_name]()
        super().begin(action)


class OurSsh:
    """Runs runbooks on a machine as one of its users; a context manager."""

    def __init__(self, machine: SystemdMachine, user: str) -> None:
        key_type, blob = machine.host_key
        self.machine = machine
        self.pool = Pool()
        self.target = Target(
            name=machine.name,
            hostname=machine.address,
            port=machine.ssh_port,
            username=user,
            private_key=machine.private_key,
            host_keys=(HostKey(type=key_type, blob_base64=blob),),
        )
        self.journal = MemoryJournal()
        """Of the last execution."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pool.close()

    def execute(
        self,
        runbook: type[Runbook],
        params: Mapping[str, Any],
        *,
        before_change: Mapping[str, Callable[[], object]] | None = None,
        recorded: bool = True,
    ) -> Outcome:
        """Run a runbook; ``before_change`` is called by the title of the step that changes."""
        instance = parse(runbook, params)
        return self._executor(before_change or {}, recorded=recorded).execute(instance)

    def roll_back(
        self, runbook: type[Runbook], params: Mapping[str, Any], done: Outcome
    ) -> Outcome:
        """Take an execution back."""
        instance = parse(runbook, params)
        return self._executor({}).roll_back(
            instance, data=done.data, steps_done=done.steps_done, once=done.once
        )

    def _executor(
        self, before_change: Mapping[str, Callable[[], object]], *, recorded: bool = True
    ) -> Executor:
        self.journal = HookedJournal(before_change)
        stop = TimeLimit(LIMIT)
        target = replace(self.target, recorded=recorded)
        transport = SshTransport(target=lambda: target, pool=self.pool, stop=stop)
        return Executor(transport=transport, journal=self.journal, stop=stop)
