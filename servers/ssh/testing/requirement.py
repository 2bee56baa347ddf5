"""What a test does where no sshd is installed; imports pytest, and so only tests import it."""

import os

import pytest

from servers.ssh.testing import openssh


def require_sshd() -> None:
    """Skip the test where OpenSSH's sshd is missing; with ``CI=true`` fail it."""
    if openssh.SSHD is not None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(openssh.SSHD_MISSING)
    pytest.skip(openssh.SSHD_MISSING)
