"""Pytest fixtures that boot real Debian servers.

A test module that needs them says `pytest_plugins = ("tests.servers.systemd.fixtures",)` and
carries the marker `systemd`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.servers.systemd.machines import BootMachine, SystemdMachine, booted

_PACKAGES = {  # program: the Debian package that has it
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "apt-get": "apt",
}


@pytest.fixture(scope="session")
def systemd_host() -> None:
    """Make sure that machines can be booted here: skip, or fail on CI, where they can't."""
    reason = missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI must be able to boot test machines: {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def systemd_machine(systemd_host: None) -> Iterator[SystemdMachine]:
    """Return the machine that all tests of this process share: leave it as you found it."""
    with booted() as machine:
        yield machine


@pytest.fixture
def boot_machine(systemd_host: None) -> Iterator[BootMachine]:
    """Return a function that boots a machine for this test alone; it is gone afterwards."""
    with ExitStack() as machines:
        yield lambda: machines.enter_context(booted())


def missing() -> str | None:
    """Return what this host lacks to boot machines, as a sentence; None when nothing."""
    if sys.platform != "linux":
        return "Machines are booted with systemd-nspawn, which only Linux has."
    if os.geteuid() != 0:
        return "Machines are booted with systemd-nspawn, which needs root."
    packages = {package for program, package in _PACKAGES.items() if not shutil.which(program)}
    if packages:
        return f"Machines need more programs: apt-get install {' '.join(sorted(packages))}"
    attempt = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False)
    if attempt.returncode != 0:
        return "Machines need namespaces, which this container may not make: run it privileged."
    return None
