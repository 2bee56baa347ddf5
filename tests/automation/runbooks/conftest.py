"""A real Debian server, or a real sshd, for each test of a runbook that asks for it.

Who wants a Debian says `pytest_plugins = ("tests.servers.systemd.fixtures",)` in its module.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.automation.runbooks.on_debian import PLAYGROUND, Debian
from tests.servers.ssh.conftest import pool, session, sshd, unstarted_sshd
from tests.servers.systemd.machines import SystemdMachine

__all__ = ["debian", "pool", "session", "sshd", "unstarted_sshd"]


@pytest.fixture(params=["root", "ops"])
def debian(
    request: pytest.FixtureRequest, systemd_machine: SystemdMachine, tmp_path: Path
) -> Iterator[Debian]:
    """A server, used as root and as a user who has sudo without a password."""
    server = Debian(systemd_machine, request.param, tmp_path)
    server.sh('mkdir -p "$1"', PLAYGROUND)
    yield server
    server.sh('rm -rf -- "$1"', PLAYGROUND)
