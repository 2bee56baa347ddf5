"""One command on one channel, beside others on the same connection."""

import socket
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from servers.ssh import script
from servers.ssh.session import Session
from tests.servers.ssh.conftest import run, wait_until

pytestmark = pytest.mark.sshd


def test_many_quick_commands_at_once_do_not_cut_the_connection(session: Session) -> None:
    def work(number: int) -> bytes:
        return b"".join(bytes(run(session, f"echo {number}").stdout) for _ in range(20))

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(work, range(16))) == [b"%d\n" % n * 20 for n in range(16)]


def test_no_end_of_input_is_sent_on_a_channel_that_is_closed(session: Session) -> None:
    connection, action_id = session._connection, uuid4()
    process = connection.open_process(
        action_id=action_id, on_output=lambda *_: None, keep_trying=lambda: None
    )
    process.start(connection.shell, script.wrap("true", action_id=action_id))
    wait_until(lambda: process.poll(0.1) and process._channel.closed)
    process._send_eof()
    process.close()
    assert run(session, "echo here").stdout == b"here\n"
    assert session._connection is connection


def test_a_connection_that_breaks_as_the_channel_is_closed_is_no_fault(session: Session) -> None:
    connection, action_id = session._connection, uuid4()
    process = connection.open_process(
        action_id=action_id, on_output=lambda *_: None, keep_trying=lambda: None
    )
    process.start(connection.shell, script.wrap("sleep 5", action_id=action_id))
    # Nobody has noticed yet that nothing can be sent any more.
    process._channel.get_transport().sock.shutdown(socket.SHUT_WR)
    process.close()
    assert connection.channels == 0
