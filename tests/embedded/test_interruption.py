"""Signals: the first ends the work, later ones do not end the stopping."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from opsmanager.embedded.interruption import Interruption


@pytest.fixture(autouse=True)
def _restored_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


def test_work_that_nobody_interrupts_gives_its_result() -> None:
    async def work() -> str:
        return "done"

    async def main() -> str | None:
        return await Interruption().limit(work())

    assert asyncio.run(main()) == "done"


def test_the_first_signal_cuts_the_work_off_and_the_second_changes_nothing() -> None:
    tidied: list[bool] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(600)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0.1)
            tidied.append(True)

    async def main() -> Interruption:
        interruption = Interruption()
        await interruption.limit(work())
        await interruption.wait()
        return interruption

    assert asyncio.run(main()).signal is signal.SIGTERM
    assert tidied


def test_started_with_nohup_it_outlives_the_terminal() -> None:
    async def work() -> str:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.1)
        return "done"

    async def main() -> str | None:
        return await Interruption().limit(work())

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert asyncio.run(main()) == "done"
