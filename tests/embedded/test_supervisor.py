"""The supervisor, with real processes: what dies is started again, what stops leaves nothing."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from opsmanager.embedded import supervisor as module
from opsmanager.embedded.errors import ProgramError
from opsmanager.embedded.process import Program
from opsmanager.embedded.supervisor import Supervisor
from tests.embedded.processes import lives
from tests.embedded.screen import PATIENCE, Screen

Make = Callable[..., Program]
STAY = "print('up', flush=True); time.sleep(600)"
WRITE_PID = "(here / f'{NAME}.pid').write_text(str(os.getpid())); (here / NAME).touch()\n"


def staying(python: Make, name: str, code: str = STAY, **options: object) -> Program:
    """A program that writes its process id down and stays."""
    return python(name, f"NAME = {name!r}\n" + WRITE_PID + code, **options)


def pid_of(folder: Path, name: str) -> int:
    return int((folder / f"{name}.pid").read_text())


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def run(supervisor: Supervisor, work: Callable[[], Awaitable[None]]) -> None:
    async def and_stop() -> None:
        try:
            await work()
        finally:
            await supervisor.stop()

    asyncio.run(and_stop())


def test_output_comes_line_by_line_with_the_name(
    supervisor: Supervisor, screen: Screen, python: Make
) -> None:
    async def work() -> None:
        await supervisor.run(
            python("talker", "print('one'); print('two', file=sys.stderr); print('end', end='')")
        )

    run(supervisor, work)
    assert "talker     | one\ntalker     | two\ntalker     | end\n" in screen.getvalue()


def test_a_line_without_end_does_not_fill_the_memory(supervisor: Supervisor, python: Make) -> None:
    async def work() -> None:
        lines = await supervisor.run(python("talker", "print('x' * 200_000)"))
        assert len(lines) > 1
        assert sum(map(len, lines)) == 200_000

    run(supervisor, work)


def test_a_killed_process_is_started_again(
    supervisor: Supervisor, screen: Screen, python: Make, tmp_path: Path
) -> None:
    async def work() -> None:
        await supervisor.keep(staying(python, "web"))
        await until((tmp_path / "web").exists)
        first = pid_of(tmp_path, "web")
        (tmp_path / "web").unlink()
        os.kill(first, signal.SIGKILL)
        await until((tmp_path / "web").exists)
        assert pid_of(tmp_path, "web") != first

    run(supervisor, work)
    assert "web died (killed by signal 9) and is started again in 0.5 s" in screen.getvalue()


def test_children_that_a_killed_process_leaves_do_not_hide_its_death(
    supervisor: Supervisor, screen: Screen, python: Make, tmp_path: Path
) -> None:
    code = (
        "child = subprocess.Popen(['sleep', '600']); (here / 'child').write_text(str(child.pid))\n"
    )

    async def work() -> None:
        await supervisor.keep(staying(python, "web", code + STAY))
        await until((tmp_path / "web").exists)
        # Written in one go, but not made and written in one.
        await until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
        child = int((tmp_path / "child").read_text())
        os.kill(pid_of(tmp_path, "web"), signal.SIGKILL)
        await until(lambda: "web died" in screen.getvalue())
        assert not lives(child)

    run(supervisor, work)


def test_a_process_that_dies_again_and_again_is_said(
    supervisor: Supervisor, screen: Screen, python: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)

    async def work() -> None:
        await supervisor.keep(python("web", "print('no port'); sys.exit(3)", quiet=True))
        await until(lambda: "5 times within a minute" in screen.getvalue())

    run(supervisor, work)
    assert "web died 5 times within a minute (exit status 3)" in screen.getvalue()
    assert "    no port" in screen.getvalue()


def test_a_program_that_vanished_is_tried_again(
    supervisor: Supervisor, screen: Screen, tmp_path: Path
) -> None:
    script = tmp_path / "program"
    script.write_text("#!/bin/sh\nrm program\n")
    script.chmod(0o700)
    program = Program(name="web", command=(str(script),), environment={}, folder=tmp_path)

    async def work() -> None:
        await supervisor.keep(program)
        await until(lambda: "No such file" in screen.getvalue())

    run(supervisor, work)


def test_stopping_takes_the_layers_in_reverse_order(
    supervisor: Supervisor, python: Make, tmp_path: Path
) -> None:
    note = (
        "def leave(*_):\n"
        "    with open(here / 'order', 'a') as order: order.write(NAME + ' ')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, leave)\n"
    )
    names = ["postgres", "redis", "web"]

    async def work() -> None:
        for name in names:
            code = f"NAME = {name!r}\n" + note + WRITE_PID + STAY
            await supervisor.keep(python(name, code, patience=PATIENCE))
            await until((tmp_path / name).exists)

    run(supervisor, work)
    assert (tmp_path / "order").read_text().split() == names[::-1]


def test_who_does_not_stop_when_asked_is_killed_with_all_it_started(
    supervisor: Supervisor, screen: Screen, python: Make, tmp_path: Path
) -> None:
    stubborn = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "apart = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "(here / 'children').write_text(f'{child.pid} {apart.pid}')\n"
    )
    families: list[int] = []

    async def work() -> None:
        await supervisor.keep(
            python("web", f"NAME = 'web'\n{stubborn}{WRITE_PID}{STAY}", patience=0.2)
        )
        await until((tmp_path / "web").exists)
        families.extend(map(int, (tmp_path / "children").read_text().split()))

    run(supervisor, work)
    assert "web did not stop when asked and is killed" in screen.getvalue()
    assert not any(lives(pid) for pid in [pid_of(tmp_path, "web"), *families])


def test_stopping_does_not_wait_for_the_next_attempt(
    supervisor: Supervisor, screen: Screen, python: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 1e6)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 1e6)

    async def work() -> None:
        await supervisor.keep(python("web", "sys.exit(3)"))
        await until(lambda: "web died" in screen.getvalue())

    run(supervisor, work)


def test_a_calm_life_is_no_part_of_a_series_of_deaths(
    supervisor: Supervisor, screen: Screen, python: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(module, "CALM", 0.0)

    async def work() -> None:
        await supervisor.keep(python("web", "sys.exit(3)"))
        await until(lambda: screen.getvalue().count("web died") > module.TOO_MANY_DEATHS)

    run(supervisor, work)
    assert "times within a minute" not in screen.getvalue()


def test_a_program_that_fails_is_told_with_its_last_words(
    supervisor: Supervisor, python: Make
) -> None:
    async def work() -> None:
        with pytest.raises(ProgramError, match=r"migrate failed \(exit status 4\)\.\n    no table"):
            await supervisor.run(python("migrate", "print('no table'); sys.exit(4)", quiet=True))

    run(supervisor, work)


def test_a_program_that_is_not_there_is_told(supervisor: Supervisor, tmp_path: Path) -> None:
    program = Program(name="web", command=("/no/such",), environment={}, folder=tmp_path)

    async def work() -> None:
        with pytest.raises(ProgramError, match="web cannot be started: /no/such: No such file"):
            await supervisor.keep(program)

    run(supervisor, work)


def test_a_program_given_up_half_way_is_ended(
    supervisor: Supervisor, python: Make, tmp_path: Path
) -> None:
    async def work() -> None:
        running = asyncio.create_task(supervisor.run(staying(python, "migrate")))
        await until((tmp_path / "migrate").exists)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(lambda: not lives(pid_of(tmp_path, "migrate")))

    run(supervisor, work)


def test_what_keeps_dying_is_not_waited_for(supervisor: Supervisor, python: Make) -> None:
    async def never() -> bool:
        return False

    async def work() -> None:
        await supervisor.keep(python("web", "print('no port'); sys.exit(3)"))
        with pytest.raises(ProgramError, match="web does not start:\n    no port"):
            await supervisor.until_ready("web", never, patience=PATIENCE)

    run(supervisor, work)


def test_what_never_gets_ready_is_told(supervisor: Supervisor, python: Make) -> None:
    async def never() -> bool:
        return False

    async def work() -> None:
        await supervisor.keep(python("web", STAY))
        with pytest.raises(ProgramError, match="web runs, but is not ready after 0 seconds"):
            await supervisor.until_ready("web", never, patience=0.1)

    run(supervisor, work)
