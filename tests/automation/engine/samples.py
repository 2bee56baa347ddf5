"""Runbooks and ports that several tests of the engine need; none of them is in the library."""

from collections.abc import Callable
from typing import Any

from automation.engine import Assessment, Param, Run, Runbook, SystemdUnit, step
from automation.engine.executor import Executor
from automation.engine.registry import Registry
from automation.engine.results import Outcome
from automation.engine.testing import ManualStop, MemoryJournal, ScriptedTransport

SAMPLES = Registry()


class RestartSample(Runbook, registry=SAMPLES):
    """Restart one systemd unit.

    Use it in tests.
    """

    id = "RESTART_SAMPLE"
    title = "Restart a sample"

    service_name: SystemdUnit = Param(help="Unit to restart")
    delay: int = Param(2, ge=0, le=60, unit="s", help="How long to wait")

    def assess(self, run: Run) -> Assessment:
        state = run.read("systemctl", "is-active", self.service_name).stdout.strip()
        return Assessment(healthy=state == "active", values={"state": state})

    @step("Remember")
    def remember(self, run: Run) -> None:
        run.data["was"] = run.read("systemctl", "show", self.service_name).stdout

    @step("Restart")
    def restart(self, run: Run) -> None:
        run.change("systemctl", "restart", self.service_name, sudo=True, timeout=30)

    @restart.undo
    def bring_back(self, run: Run) -> None:
        run.change("systemctl", "stop", self.service_name, sudo=True)

    @step("Verify")
    def verify(self, run: Run) -> None:
        run.sleep(self.delay)
        run.read("systemctl", "verify", self.service_name)
        run.validate(run.data["was"] != "broken", "It is not broken", otherwise="It is broken.")


def with_steps(
    *functions: Callable[[Any, Run], None], changes: bool = True, **declared: Any
) -> type[Runbook]:
    """Define a runbook whose steps are these functions, titled by their names."""
    namespace: dict[str, Any] = {
        function.__name__: step(function.__name__)(function) for function in functions
    }
    namespace |= {
        "__doc__": "A sample.",
        "__module__": __name__,
        "id": "SAMPLE",
        "title": "A sample",
        "changes": changes,
        "irreversible": "It is a sample.",
        **declared,
    }
    return type(Runbook)("Sample", (Runbook,), namespace, registry=Registry())


class World:
    """A scripted server, a journal, a stop signal and the executor that uses them."""

    def __init__(self, replies: dict[str, Any] | None = None, *, as_root: bool = True) -> None:
        self.transport = ScriptedTransport(replies or {}, as_root=as_root)
        self.journal = MemoryJournal()
        self.stop = ManualStop()

    @property
    def executor(self) -> Executor:
        return Executor(transport=self.transport, journal=self.journal, stop=self.stop)

    def execute(self, runbook: Runbook, **options: Any) -> Outcome:
        return self.executor.execute(runbook, **options)

    @property
    def sent(self) -> list[str]:
        return [self.transport.render(command) for command in self.transport.commands]
