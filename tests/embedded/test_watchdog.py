"""The watchdog: a supervisor that was killed leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from opsmanager.embedded import watchdog as module
from opsmanager.embedded.watchdog import Watchdog, watch
from tests.embedded.processes import lives
from tests.embedded.screen import eventually

SUPERVISOR = """
import asyncio, pathlib, sys
from opsmanager.embedded.process import Program
from opsmanager.embedded.supervisor import Supervisor
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.watchdog import Watchdog

here = pathlib.Path(sys.argv[1])
family = "import subprocess; subprocess.run(['sleep', '600'], start_new_session=True)"

async def work():
    supervisor = Supervisor(terminal=Terminal(), watchdog=Watchdog())
    for name in ("postgres", "web"):
        command = (sys.executable, "-c", family)
        await supervisor.keep(Program(name=name, command=command, environment={}, folder=here))
    await asyncio.sleep(600)

asyncio.run(work())
"""


def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(tmp_path)])
    started = psutil.Process(supervisor.pid)
    # The watchdog, two programs, and a child of each in a session of its own.
    eventually(lambda: len(started.children(recursive=True)) == 5, "five processes")
    left = started.children(recursive=True)

    supervisor.kill()
    supervisor.wait()

    eventually(lambda: not any(lives(process) for process in left), "the end of all processes")


def test_only_what_has_not_ended_is_ended() -> None:
    spared, ended = (subprocess.Popen(["sleep", "600"], start_new_session=True) for _ in range(2))
    watch([f"+{spared.pid} 15\n", f"+{ended.pid} 15\n", f"-{spared.pid}\n"])
    assert ended.wait() == -signal.SIGTERM
    assert spared.poll() is None
    spared.kill()
    spared.wait()


def test_who_ignores_the_stop_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    stubborn = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while true; do sleep 1; done"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with stubborn:
        assert stubborn.stdout is not None
        assert stubborn.stdout.readline() == b"ready\n"
        watch([f"+{stubborn.pid} 15\n"])
    assert stubborn.returncode == -signal.SIGKILL


def test_a_process_that_leads_no_group_is_ended_alone() -> None:
    child = subprocess.Popen(["sleep", "600"])
    watch([f"+{child.pid} 15\n"])
    assert child.wait() == -signal.SIGTERM


def test_a_process_that_is_gone_is_no_trouble() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    watch([f"+{gone.pid} 15\n"])


def test_a_killed_watchdog_does_not_stop_the_work() -> None:
    watchdog = Watchdog()
    os.kill(watchdog.pid, signal.SIGKILL)
    eventually(lambda: not lives(psutil.Process(watchdog.pid)), "the watchdog's end")
    watchdog.started(1, signal.SIGTERM)
    watchdog.ended(1)
    watchdog.dismiss()
