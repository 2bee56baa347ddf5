"""A check logs in for real and leaves nothing behind."""

from collections.abc import Callable

import pytest

from servers.ssh.check import check
from servers.ssh.errors import HostKeyUnknown, LoginRefused, Unreachable
from tests.servers.ssh.conftest import wait_until
from tests.servers.ssh.openssh import Sshd, free_port

pytestmark = pytest.mark.sshd


def test_a_good_server_has_a_latency(sshd: Sshd, thread_count: Callable[[], int]) -> None:
    before = thread_count()
    assert 0 < check(sshd.target()) < 60_000
    assert "Accepted publickey" in sshd.log.read_text()
    wait_until(lambda: thread_count() <= before)


def test_each_fault_is_told(sshd: Sshd, thread_count: Callable[[], int]) -> None:
    before = thread_count()
    with pytest.raises(Unreachable):
        check(sshd.target(port=free_port()))
    with pytest.raises(HostKeyUnknown):
        check(sshd.target(host_keys=()))
    with pytest.raises(LoginRefused):
        check(sshd.target(private_key=sshd.make_key("other")))
    wait_until(lambda: thread_count() <= before)
