"""Real processes for the tests of the supervisor, small enough to start in an instant."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opsmanager.embedded.process import Program
from opsmanager.embedded.supervisor import Supervisor
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.watchdog import Watchdog
from tests.embedded.screen import Screen


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def terminal(screen: Screen) -> Terminal:
    return Terminal(screen)


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog()
    yield watchdog
    watchdog.dismiss()


@pytest.fixture
def supervisor(terminal: Terminal, watchdog: Watchdog) -> Supervisor:
    return Supervisor(terminal=terminal, watchdog=watchdog)


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., Program]:
    """Make a program of a few lines of Python; it may read its folder in `here`."""

    def make(name: str, code: str, **options: object) -> Program:
        head = "import os, pathlib, signal, subprocess, sys, time\nhere = pathlib.Path.cwd()\n"
        return Program(
            name=name,
            command=(sys.executable, "-c", head + code),
            environment={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
            folder=tmp_path,
            **options,  # type: ignore[arg-type]
        )

    return make
