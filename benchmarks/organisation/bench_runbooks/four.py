"""Four commands, each a step of its own."""

from automation.engine import Param, Run, Runbook, step


class FourReads(Runbook):
    """Look at four things; what is read costs the server next to nothing."""

    id = "BENCH_READ"
    title = "Read four things"
    changes = False
    default_cooldown_minutes = 0

    @step("Load")
    def load(self, run: Run) -> None:
        """Read."""
        run.read("cat", "/proc/loadavg")

    @step("Uptime")
    def uptime(self, run: Run) -> None:
        """Read."""
        run.read("cat", "/proc/uptime")

    @step("Version")
    def version(self, run: Run) -> None:
        """Read."""
        run.read("cat", "/proc/version")

    @step("File systems")
    def file_systems(self, run: Run) -> None:
        """Read."""
        run.read("cat", "/proc/filesystems")


class FourChanges(Runbook):
    """Change four files' times."""

    id = "BENCH_CHANGE"
    title = "Change four things"
    irreversible = "A time that was set stays set."
    default_cooldown_minutes = 0

    @step("First")
    def first(self, run: Run) -> None:
        """Change."""
        run.change("touch", "/tmp/opsmanager-bench-1")

    @step("Second")
    def second(self, run: Run) -> None:
        """Change."""
        run.change("touch", "/tmp/opsmanager-bench-2")

    @step("Third")
    def third(self, run: Run) -> None:
        """Change."""
        run.change("touch", "/tmp/opsmanager-bench-3")

    @step("Fourth")
    def fourth(self, run: Run) -> None:
        """Change."""
        run.change("touch", "/tmp/opsmanager-bench-4")


class Sleep(Runbook):
    """Wait on the server, as most commands do."""

    id = "BENCH_SLEEP"
    title = "Sleep on the server"
    changes = False
    default_cooldown_minutes = 0

    seconds: int = Param(6, ge=0, le=60, unit="s", help="How long")

    @step("Sleep")
    def sleep(self, run: Run) -> None:
        """Wait."""
        run.read("sleep", str(self.seconds))
