"""Who used how much processor time: by the processes that were there all the time."""

from collections.abc import Mapping, Sequence

import psutil

Used = dict[str, float]
"""Seconds by name; what is left is of processes that came and went."""


class Meter:
    """Counts the processor time of programs, each with its children, from now on."""

    def __init__(self, programs: Mapping[str, Sequence[int]]) -> None:
        """``programs`` are the pids of each, which live on."""
        self._programs = {name: [*map(psutil.Process, pids)] for name, pids in programs.items()}
        self._before = self._read()

    def used(self) -> Used:
        """Return the seconds used since."""
        now = self._read()
        return {name: now[name] - self._before[name] for name in now}

    def _read(self) -> Used:
        seconds = {
            name: sum(_of_tree(process) for process in processes)
            for name, processes in self._programs.items()
        }
        whole = psutil.cpu_times()
        busy = sum(whole) - whole.idle - whole.iowait - whole.guest - whole.guest_nice
        return seconds | {"everything": busy}


def _of_tree(process: psutil.Process) -> float:
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def of_postgres() -> list[int]:
    """Return the pid of the PostgreSQL that was started for this process, as a list."""
    around = psutil.Process().parent()
    family = around.children(recursive=True) if around else []
    return [
        process.pid
        for process in family
        if process.name() == "postgres" and process.parent().name() != "postgres"
    ]
