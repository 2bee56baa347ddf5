"""A machine's control groups come and go with it."""

from __future__ import annotations

import os

import pytest

from tests.servers.systemd.cgroup import ControlGroup

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.usefixtures("systemd_host")]


def test_what_a_killed_run_left_is_replaced() -> None:
    name = f"opsmanager-test-cgroup-{os.getpid()}"
    killed = ControlGroup.create(name)
    for path in killed.paths:
        (path / "payload" / "init.scope").mkdir(parents=True)

    group = ControlGroup.create(name)

    assert group.paths
    assert all(path.is_dir() for path in group.paths)
    assert not any((path / "payload").exists() for path in group.paths)
    assert group.first_process() is None

    group.remove()
    assert not any(path.exists() for path in group.paths)
