"""Pytest fixtures that start OpsManager itself, once for all tests of a process.

A test module that needs them says `pytest_plugins = ("tests.stack.fixtures",)` and carries the
marker `xdist_group("stack")`, or `xdist_group("browser")` where it drives one and `"pages"` where
it walks through all of them, so that parallel runs start it once for each of the three. Who starts
one of their own is in `"alone"`. Groups that last equally long make a run short.
"""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from servers.ssh.testing import Sshd
from servers.ssh.testing.requirement import require_sshd
from tests.stack.demo import Demo, begin
from tests.stack.stack import Stack, running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return OpsManager, running."""
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="session")
def demo(stack: Stack) -> Demo:
    """Return the demo servers, running and known to the stack."""
    return begin(stack)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """Return a server that lets in whoever runs the tests, for one test."""
    require_sshd()
    server = Sshd(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last words of the stack's processes below a test that failed."""
    report = yield
    started = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(started, Stack):
        for name, process in started.processes.items():
            report.sections.append((f"last words of {name}", process.last_words()))
    return report
