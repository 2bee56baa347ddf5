"""Pytest fixtures that start OpsManager itself, once for all tests of a process.

A test module that needs them says `pytest_plugins = ("tests.stack.fixtures",)` and carries the
marker `xdist_group("stack")`, so that parallel runs start it once.
"""

import json
import time
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.stack.stack import START_PATIENCE, Stack, running

Demo = dict[str, dict[str, Any]]
"""The demo servers' entries of servers.json by name."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return OpsManager, running."""
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="session")
def demo(stack: Stack) -> Demo:
    """Start the demo servers, and make them and their incident known to the stack."""
    stack.start(stack.plan.demo())
    deadline = time.monotonic() + START_PATIENCE
    while not stack.plan.servers_file.exists():
        assert not stack.processes["demo"].has_ended, stack.processes["demo"].output()
        assert time.monotonic() < deadline, stack.processes["demo"].output()
        time.sleep(0.1)
    seeded = stack.manage("seed_demo", str(stack.plan.servers_file))
    assert seeded.returncode == 0, seeded.stderr
    return {one["name"]: one for one in json.loads(stack.plan.servers_file.read_text())}


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
