"""Work that takes its time and has many processes."""

from automation.engine import Param, Run, Runbook, Shell, step

# Three grandchildren of sudo: a plain one, one with a session of its own, and a daemon, which has
# a session of its own and no parent.
_FAMILY = Shell(
    """trap "$2" TERM
sleep "$1" & setsid sleep "$1" & setsid -f sleep "$1"
echo started
sleep "$1"
while [ "$2" != "exit 143" ]; do sleep "$1"; done"""
)


class LongWork(Runbook):
    """Sleep as root, in several processes.

    ``number`` is how long, and also what tells the processes of one execution from all others.
    """

    id = "ACME_LONG_WORK"
    title = "Work for a long time"
    irreversible = "Time can't be taken back."
    default_cooldown_minutes = 0
    default_max_retries = 0

    number: str = Param(help="Seconds to sleep, such as 600.4711", pattern=r"6\d\d\.\d+")
    limit: int = Param(900, ge=1, unit="s", help="How long the command itself may take")
    stubborn: bool = Param(default=False, help="Whether all processes ignore TERM")

    @step("Sleep")
    def sleep(self, run: Run) -> None:
        """Sleep."""
        on_term = "" if self.stubborn else "exit 143"
        run.change(_FAMILY, self.number, on_term, sudo=True, timeout=self.limit)


class ShortOfTime(LongWork):
    """Sleep as root for longer than there is time."""

    id = "ACME_SHORT_OF_TIME"
    title = "Work for too long"
    default_timeout = 3
