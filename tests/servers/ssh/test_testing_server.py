"""The SSH server of the tests and the demo behaves as sshd does."""

import gc
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO

import paramiko
import pytest
from paramiko import Ed25519Key, Transport
from paramiko.common import MSG_CHANNEL_REQUEST

from servers.ssh.testing import KeyPair, SshServer, generate_key, launch_locally

TIMEOUT = 30


@pytest.fixture(scope="module")
def key() -> KeyPair:
    return generate_key()


@pytest.fixture
def server(key: KeyPair) -> Iterator[SshServer]:
    with SshServer(
        host_key=key.private_key,
        authorized_keys={"root": [key.public_key]},
        passwords={"noc": "s3cret"},
    ) as running:
        yield running


@pytest.fixture
def login(server: SshServer, key: KeyPair) -> Iterator[Transport]:
    transport = connect(server)
    transport.auth_publickey("root", Ed25519Key.from_private_key(StringIO(key.private_key)))
    yield transport
    transport.close()
    transport.join(TIMEOUT)


def connect(server: SshServer) -> Transport:
    client = socket.create_connection((server.host, server.port), timeout=TIMEOUT)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = Transport(client)
    transport.start_client(timeout=TIMEOUT)
    return transport


def run(transport: Transport, command: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """Return the exit status and both streams of one exec request."""
    with transport.open_session(timeout=TIMEOUT) as channel:
        channel.settimeout(TIMEOUT)
        channel.exec_command(command)
        stderr: list[bytes] = []
        reader = threading.Thread(target=lambda: stderr.append(read(channel.recv_stderr)))
        reader.start()
        with suppress(OSError):  # the command may end before it has read all
            channel.sendall(stdin)
        channel.shutdown_write()
        stdout = read(channel.recv)
        reader.join(TIMEOUT)
        return channel.recv_exit_status(), stdout, b"".join(stderr)


def read(receive) -> bytes:
    return b"".join(iter(lambda: receive(65536), b""))


def eventually(condition) -> bool:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_the_streams_are_kept_apart_and_the_status_comes_back(login):
    assert run(login, "echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")


def test_a_script_on_stdin_runs_until_its_end(login):
    script = b"exec 2>&1; id -u; cat /proc/self/stat >/dev/null && setsid -w timeout 5 echo deep"
    status, out, err = run(login, "exec /bin/sh", script)
    assert (status, err) == (0, b"")
    assert out.splitlines()[1:] == [b"deep"]


def test_much_output_on_both_streams_does_not_stall(login):
    command = "head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2"
    status, out, err = run(login, command)
    assert (status, len(out), len(err)) == (0, 5_000_000, 5_000_000)


def test_input_that_nobody_reads_does_not_stall(login):
    assert run(login, "exec 0<&-; sleep 1; echo done", b"x" * 5_000_000) == (0, b"done\n", b"")


def test_large_input_arrives_whole(login):
    status, out, _ = run(login, "wc -c", b"x" * 5_000_000)
    assert (status, out.strip()) == (0, b"5000000")


def test_the_end_by_a_signal_is_told_as_an_exit_signal(login, monkeypatch):
    heard = []
    handle = Transport._channel_handler_table[MSG_CHANNEL_REQUEST]

    def listen(channel, message):
        kind, _ = message.get_text(), message.get_boolean()
        heard.append((kind, message.get_text() if kind == "exit-signal" else None))
        message.rewind()
        message.get_int()
        handle(channel, message)

    monkeypatch.setitem(Transport._channel_handler_table, MSG_CHANNEL_REQUEST, listen)
    status, out, _ = run(login, "echo begun; kill -KILL $$")
    assert (status, out) == (-1, b"begun\n")
    assert ("exit-signal", "KILL") in heard


def test_channels_run_side_by_side(login):
    began = time.monotonic()
    channels = []
    for _ in range(8):
        channel = login.open_session(timeout=TIMEOUT)
        channel.exec_command("sleep 2")
        channels.append(channel)
    assert [channel.recv_exit_status() for channel in channels] == [0] * 8
    assert time.monotonic() - began < 12


def test_a_channel_whose_command_comes_late_is_kept(login):
    """The one opened first is used last: nobody may have let go of it meanwhile."""
    early, late = (login.open_session(timeout=TIMEOUT) for _ in range(2))
    for channel in (late, early):
        channel.settimeout(TIMEOUT)
        channel.exec_command("echo here")
        assert read(channel.recv) == b"here\n"
        gc.collect()


def test_one_channel_too_many_is_refused_as_sshd_refuses_it(login):
    channels = [login.open_session(timeout=TIMEOUT) for _ in range(10)]
    for channel in channels:
        channel.exec_command("cat")
    with pytest.raises(paramiko.ChannelException) as refusal:
        login.open_session(timeout=TIMEOUT)
    assert refusal.value.code == 2
    channels[0].close()
    assert eventually(lambda: run_or_refused(login) == (0, b"again\n", b""))


def run_or_refused(login):
    try:
        return run(login, "echo again")
    except paramiko.ChannelException:
        return None


def test_the_channel_stays_open_while_a_child_holds_the_output(login):
    assert run(login, "(sleep 1; echo late) & echo early")[1] == b"early\nlate\n"


def test_a_closed_channel_leaves_the_command_running_as_sshd_does(login, tmp_path):
    mark = tmp_path / "mark"
    channel = login.open_session(timeout=TIMEOUT)
    channel.exec_command(f"sleep 1; echo done > {mark}")
    channel.close()
    assert eventually(mark.exists)


def test_only_locale_variables_are_taken_from_the_client(login):
    channel = login.open_session(timeout=TIMEOUT)
    channel.set_environment_variable("LC_ALL", "C.UTF-8")
    channel.set_environment_variable("LD_DEBUG", "all")
    channel.exec_command("echo $LC_ALL $LD_DEBUG")
    assert read(channel.recv) == b"C.UTF-8\n"


@pytest.mark.parametrize(
    ("user", "password", "welcome"),
    [("noc", "s3cret", True), ("noc", "wrong", False), ("nobody", "s3cret", False)],
)
def test_passwords(server, user, password, welcome):
    transport = connect(server)
    try:
        if welcome:
            assert transport.auth_password(user, password) == []
        else:
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_password(user, password)
        assert transport.is_authenticated() is welcome
    finally:
        transport.close()
        transport.join(TIMEOUT)


def test_an_unknown_key_is_refused(server):
    transport = connect(server)
    stranger = Ed25519Key.from_private_key(StringIO(generate_key().private_key))
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_publickey("root", stranger)
    transport.close()
    transport.join(TIMEOUT)


def test_the_host_key_is_the_given_one(server, key):
    transport = connect(server)
    assert transport.get_remote_server_key().get_base64() == key.public_key
    assert transport.get_remote_server_key().get_name() == key.type
    transport.close()
    transport.join(TIMEOUT)


def test_nothing_but_exec_is_served(login):
    for ask in ("get_pty", "invoke_shell"):
        with pytest.raises(paramiko.SSHException):
            getattr(login.open_session(timeout=TIMEOUT), ask)()
    with pytest.raises(paramiko.SSHException):
        login.open_session(timeout=TIMEOUT).invoke_subsystem("sftp")
    with pytest.raises(paramiko.ChannelException):
        login.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 0), timeout=TIMEOUT)
    with pytest.raises(paramiko.ChannelException):
        login.open_channel("no-such-kind", timeout=TIMEOUT)
    with pytest.raises(paramiko.SSHException):
        login.request_port_forward("127.0.0.1", 0)


def test_a_keepalive_is_answered(login):
    # None is the answer "request failure", which is how OpenSSH answers this one too.
    assert login.global_request("keepalive@openssh.com", wait=True) is None
    assert login.is_active()


def test_a_launcher_that_fails_says_so_to_the_client(key):
    def refuse(command, environment):
        raise PermissionError(1, f"{command} is not for you")

    with SshServer(host_key=key.private_key, passwords={"a": "b"}, launch=refuse) as server:
        transport = connect(server)
        transport.auth_password("a", "b")
        assert run(transport, "rm") == (126, b"", b"rm is not for you\n")
        transport.close()
        transport.join(TIMEOUT)


def test_a_launcher_may_leave_streams_out(key):
    def launch(command, environment):
        return subprocess.Popen(["sh", "-c", command], stderr=subprocess.PIPE, bufsize=0)

    with SshServer(host_key=key.private_key, passwords={"a": "b"}, launch=launch) as server:
        transport = connect(server)
        transport.auth_password("a", "b")
        assert run(transport, "echo here >&2", b"unread") == (0, b"", b"here\n")
        transport.close()
        transport.join(TIMEOUT)


def test_a_client_that_comes_while_it_closes_is_turned_away(key):
    with SshServer(host_key=key.private_key) as server:
        server._closing = True
        with socket.create_connection((server.host, server.port)) as client:
            assert client.recv(1) == b""


def test_closing_twice_is_no_error(key):
    server = SshServer(host_key=key.private_key)
    server.close()
    server.start()
    server.close()
    server.close()


def test_a_slow_login_is_slow(key):
    with SshServer(
        host_key=key.private_key, passwords={"a": "b"}, login_delay=0.5, launch=launch_locally
    ) as server:
        transport = connect(server)
        began = time.monotonic()
        transport.auth_password("a", "b")
        assert time.monotonic() - began >= 0.5
        transport.close()
        transport.join(TIMEOUT)


def test_dropped_connections_end_and_the_server_goes_on(server, login, key):
    server.drop_connections()
    assert eventually(lambda: not login.is_active())
    assert eventually(lambda: server.connections == 0)
    again = connect(server)
    again.auth_password("noc", "s3cret")
    assert run(again, "echo here")[1] == b"here\n"
    again.close()
    again.join(TIMEOUT)


def test_closing_ends_commands_and_threads(key):
    before = set(threading.enumerate())
    server = SshServer(host_key=key.private_key, passwords={"a": "b"})
    server.start()
    transport = connect(server)
    transport.auth_password("a", "b")
    channel = transport.open_session(timeout=TIMEOUT)
    channel.exec_command("echo $$; exec sleep 600")
    pid = int(channel.recv(100))
    server.close()
    transport.close()
    transport.join(TIMEOUT)
    assert eventually(lambda: set(threading.enumerate()) <= before)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_client_that_never_speaks_does_not_hold_up_others(server):
    with socket.create_connection((server.host, server.port)):
        transport = connect(server)
        transport.auth_password("noc", "s3cret")
        transport.close()
        transport.join(TIMEOUT)


def test_the_private_half_of_a_key_is_not_in_its_repr(key):
    assert key.private_key not in repr(key)
    assert KeyPair.from_private_key(key.private_key) == key
