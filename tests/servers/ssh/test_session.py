"""Commands on a real sshd: output, exit codes, records."""

import pytest

from servers.ssh.session import Session
from tests.servers.ssh.conftest import run

pytestmark = pytest.mark.sshd


def test_output_and_exit_code_come_back(session: Session) -> None:
    result = run(session, "echo out; echo err >&2; exit 3")
    assert (result.exit_code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")


def test_a_recorded_command(session: Session) -> None:
    result = run(session, "echo out; echo err >&2; echo $HOME; exit 3", recorded=True)
    assert (result.exit_code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")
