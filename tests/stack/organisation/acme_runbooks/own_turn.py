"""Work that writes down when it began and ended."""

from automation.engine import AbsolutePath, Param, Run, Runbook, Shell, step

_WORK = Shell(
    """echo "begin $2" >>"$1"
sleep 0.3
while [ -e "$1.hold" ]; do sleep 0.1; done
echo "end $2" >>"$1" """
)


class OwnTurn(Runbook):
    """Work for a moment, and keep a record of that on the server."""

    id = "ACME_OWN_TURN"
    title = "Take a turn"
    irreversible = "What was recorded stays so."
    default_cooldown_minutes = 0
    default_max_retries = 0

    record: AbsolutePath = Param(help="The file; beside one named like it with .hold it waits")
    name: str = Param(help="Whose turn it is")

    @step("Work")
    def work(self, run: Run) -> None:
        """Work."""
        run.change(_WORK, self.record, self.name)
