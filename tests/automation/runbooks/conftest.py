"""A real Debian server for each test of a runbook that asks for it.

Its module says `pytest_plugins = ("tests.servers.systemd.fixtures",)`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.automation.runbooks.on_debian import PLAYGROUND, Debian
from tests.servers.systemd.machines import SystemdMachine


@pytest.fixture(params=["root", "ops"])
def debian(
    request: pytest.FixtureRequest, systemd_machine: SystemdMachine, tmp_path: Path
) -> Iterator[Debian]:
    """A server, used as root and as a user who has sudo without a password."""
    server = Debian(systemd_machine, request.param, tmp_path)
    server.sh('mkdir -p "$1"', PLAYGROUND)
    yield server
    server.sh('rm -rf -- "$1"', PLAYGROUND)
