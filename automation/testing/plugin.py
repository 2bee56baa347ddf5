"""The pytest plugin: its fixtures are the public ones."""

from collections.abc import Iterator

import pytest

from automation.testing.real_server import RealServer
from servers.ssh.testing.requirement import require_sshd


@pytest.fixture
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """Start a private sshd of the current user on 127.0.0.1, with a home directory of its own.

    Its commands are real, and this machine is the server. Skips where OpenSSH's sshd is not
    installed; with ``CI=true`` it fails instead.
    """
    require_sshd()
    with RealServer(tmp_path_factory.mktemp("real_server")) as server:
        yield server
