"""End a process that hangs or runs away, and prove that it is gone."""

import posixpath
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from automation.engine import Assessment, Category, Param, Run, Runbook, step
from automation.engine.parameter_types import shown
from automation.runbooks.process_scripts import ALIVE, FIND, SIGNAL
from automation.runbooks.processes import Process, processes_in
from automation.runbooks.sizes import counted

_KERNEL_KEEPS = 15  # bytes of a process's name, see proc(5)
_KILL_SECONDS = 5
_SHOWN = 10
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@$\-]*")


def _process_name(value: str) -> str:
    if "/" in value or not value.isprintable():
        raise ValueError(f"{shown(value)} is not the name of a program: give it without its path.")
    return value


def _user_name(value: str) -> str:
    if value and not _USER.fullmatch(value):
        raise ValueError(f"{shown(value)} is not the name of a user.")
    return value


class KillProcess(Runbook):
    """End a process, or a few of one name, and prove that they are gone.

    Use it for a program that hangs, or takes all memory or all processors, and that is not worth
    waiting for. For a service of systemd use SERVICE_RESTART: systemd may start what is killed
    here again. It never touches pid 1, threads of the kernel, and what its own ssh session
    stands on.
    """

    id = "PROCESS_KILL"
    title = "Kill a process"
    category = Category.RECOVERY
    irreversible = (
        "A process that has ended can't be brought back. Its command line is kept in the result."
    )
    estimated_seconds = 5

    pid: int | None = Param(
        None, ge=1, le=4_194_304, help="Number of the process; or give its name", labels=("pid",)
    )
    name: Annotated[str, AfterValidator(_process_name)] = Param(
        "",
        max_length=255,
        help="Name of the program, without its path; or give its pid",
        suggests="processes",
    )
    user: Annotated[str, AfterValidator(_user_name)] = Param(
        "", max_length=64, help="Only processes of this user"
    )
    signal: Literal["TERM", "INT", "QUIT", "HUP", "ABRT", "KILL"] = Param(
        "TERM", help="Signal to send; KILL leaves the program no time to save anything"
    )
    grace_seconds: int = Param(
        10, ge=0, le=240, unit="s", help="How long to wait for it to end by itself"
    )
    force: bool = Param(
        default=False, help="Send KILL to what is left after the wait; KILL as signal needs it too"
    )
    max_matches: int = Param(
        1, ge=1, le=100, help="How many processes it may be; with more, none is touched"
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if (self.pid is None) == (not self.name):
            raise ValueError("Give either pid or name, exactly one of the two.")
        if self.signal == "KILL" and not self.force:
            raise ValueError("The signal KILL needs force, too.")
        return self

    def assess(self, run: Run) -> Assessment | None:
        """Healthy is a server without such a process."""
        found = self._find(run)
        return Assessment(
            healthy=not found,
            values={"processes": len(found), "pids": [process.pid for process in found]},
            summary=self._there("is" if len(found) < 2 else "are", len(found)),
        )

    @step("Find the processes")
    def find(self, run: Run) -> None:
        """Show each with its user, start time and command line."""
        found = self._find(run)
        for process in found[:_SHOWN]:
            run.note(f"Found {process}")
        run.data["found"] = [process.key for process in found]
        run.result["processes"] = [process.as_json() for process in found]
        if found:
            told = "; ".join(str(process) for process in found[:_SHOWN])
            run.affects = f"{counted(len(found), 'process', 'processes')}: {told}"
        self._check_allowed(run, found)

    @step("Send the signal and wait")
    def kill(self, run: Run) -> None:
        """Signal them and wait for their end; only with force, send KILL to what is left."""
        found: list[str] = run.data["found"]
        run.result.update(signal=self.signal, killed=False)
        if not found:
            run.note(f"{self._there('is')} Nothing to send.")
            return
        self._signal(run, self.signal, self.grace_seconds, found)
        left = self._left(run, found)
        if left and self.force and self.signal != "KILL":
            run.result["killed"] = True
            self._signal(run, "KILL", _KILL_SECONDS, left)

    @step("Verify that they are gone")
    def verify(self, run: Run) -> None:
        """None of them lives any more, by pid and start time."""
        found: list[str] = run.data["found"]
        left = [key.partition(":")[0] for key in self._left(run, found)] if found else []
        run.result["left"] = [int(pid) for pid in left]
        advice = (
            "It may hang in the kernel (waiting for a disk or a network share): only that can end."
            if self.force
            else "Wait longer (graceSeconds), or send KILL to it (force)."
        )
        run.validate(
            not left,
            "None of them is left",
            otherwise=f"Still there after {self.signal}: pid {', '.join(left)}. {advice}",
        )
        how = "KILL" if run.result["killed"] else self.signal
        run.summary = (
            f"{counted(len(found), 'process', 'processes')} ended by {how}: "
            f"{', '.join(str(process['pid']) for process in run.result['processes'])}."
            if found
            else f"{self._there('was')} Nothing was sent."
        )

    def _find(self, run: Run) -> list[Process]:
        how, what = ("name", self.name) if self.pid is None else ("pid", str(self.pid))
        kept = what.encode()[:_KERNEL_KEEPS].decode(errors="ignore") if how == "name" else what
        answer = run.read(FIND, how, kept, sudo=True, ok=(0,))
        return [process for process in processes_in(answer.stdout) if self._fits(process)]

    def _fits(self, process: Process) -> bool:
        if self.user and self.user not in (process.user, process.uid):
            return False
        if self.pid is not None or len(self.name.encode()) <= _KERNEL_KEEPS:
            return True
        words = process.command_line.split()
        return any(posixpath.basename(word).rstrip(":") == self.name for word in words)

    def _check_allowed(self, run: Run, found: list[Process]) -> None:
        sacred = [process for process in found if process.pid == 1 or process.role == "kernel"]
        ours = [process for process in found if process.role == "session"]
        run.validate(
            not sacred,
            "None of them is pid 1 or a kernel thread",
            otherwise=f"{_first(sacred)} is the first process of the server or a thread of its "
            "kernel, which nobody may kill. Nothing was sent.",
        )
        run.validate(
            not ours,
            "None of them carries this ssh session",
            otherwise=f"{_first(ours)} carries the ssh session that OpsManager works through. "
            "Nothing was sent. Give the pid of the one you mean.",
        )
        run.validate(
            len(found) <= self.max_matches,
            f"There are no more than {self.max_matches}",
            otherwise=f"{len(found)} processes match and maxMatches is {self.max_matches}, so "
            f"nothing was sent. Give the pid of one, or raise maxMatches. They are: "
            f"{', '.join(str(process.pid) for process in found[:_SHOWN])}"
            f"{' and more' if len(found) > _SHOWN else ''}.",
        )

    def _signal(self, run: Run, signal: str, seconds: int, keys: list[str]) -> None:
        answer = run.change(SIGNAL, signal, str(seconds), *keys, sudo=True, timeout=seconds + 60)
        refused = [line.split()[1] for line in answer.stdout.split("\n") if "refused " in line]
        run.validate(
            not refused,
            "None of them carries this ssh session",
            otherwise=f"pid {', '.join(key.partition(':')[0] for key in refused)} carries the ssh "
            "session that OpsManager works through by now; it was left alone.",
        )

    def _left(self, run: Run, keys: list[str]) -> list[str]:
        alive = run.read(ALIVE, *keys, sudo=True).stdout.split()
        return [key for key in keys if key in alive]

    def _there(self, is_or_was: str, count: int = 0) -> str:
        """Return a sentence such as "There is no process of ann named sleep."."""
        whose = f" of {self.user}" if self.user else ""
        which = f"named {self.name}" if self.pid is None else f"with the pid {self.pid}"
        many = counted(count, "process", "processes") if count else "no process"
        return f"There {is_or_was} {many}{whose} {which}."


def _first(processes: list[Process]) -> str:
    return str(processes[0]) if processes else ""
