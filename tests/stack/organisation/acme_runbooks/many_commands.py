"""Work that is many short commands, one after the other."""

from automation.engine import Param, Run, Runbook, Shell, step

_SAY = Shell('sleep "$1"; echo "said $2"')


class ManyCommands(Runbook):
    """Look again and again."""

    id = "ACME_MANY_COMMANDS"
    title = "Look many times"
    changes = False
    default_cooldown_minutes = 0
    default_max_retries = 0

    count: int = Param(60, ge=1, le=2000, help="How many commands")
    pause: str = Param("0.5", help="Seconds that each takes", pattern=r"\d+(\.\d+)?")

    @step("Look")
    def look(self, run: Run) -> None:
        """Say something, often."""
        for number in range(self.count):
            run.read(_SAY, self.pause, str(number))
