"""Work that the server keeps a record of: what ran there, how often, and how it ended."""

from automation.engine import AbsolutePath, Param, Run, Runbook, step


class RecordedChange(Runbook):
    """Change something twice, with a look in between; the second change may fail."""

    id = "FAULTS_CHANGE"
    title = "Change and record it"
    irreversible = "What was recorded stays so."
    default_cooldown_minutes = 0

    program: AbsolutePath = Param(help="What does the work on the server, and records it")
    record: AbsolutePath = Param(help="The file of the server's own record")
    key: str = Param(help="Whose work it is")
    seconds: float = Param(0.2, ge=0, le=10, help="How long each change takes")
    code: int = Param(0, ge=0, le=100, help="The exit code of the second change")

    @step("Change once")
    def first(self, run: Run) -> None:
        """Change."""
        run.change(self.program, self.record, self.key, "first", str(self.seconds), "0")

    @step("Look")
    def look(self, run: Run) -> None:
        """Read."""
        run.read(self.program, self.record, self.key, "look", "0", "0")

    @step("Change again")
    def second(self, run: Run) -> None:
        """Change, and maybe fail."""
        run.change(self.program, self.record, self.key, "second", str(self.seconds), str(self.code))


class RecordedLook(Runbook):
    """Look at something, which may fail; it may be done any number of times."""

    id = "FAULTS_LOOK"
    title = "Look and record it"
    changes = False
    default_cooldown_minutes = 0

    program: AbsolutePath = Param(help="What does the work on the server, and records it")
    record: AbsolutePath = Param(help="The file of the server's own record")
    key: str = Param(help="Whose work it is")
    seconds: float = Param(0.2, ge=0, le=10, help="How long it takes")
    code: int = Param(0, ge=0, le=100, help="Its exit code")

    @step("Look")
    def look(self, run: Run) -> None:
        """Read, and maybe fail."""
        run.read(self.program, self.record, self.key, "look", str(self.seconds), str(self.code))
