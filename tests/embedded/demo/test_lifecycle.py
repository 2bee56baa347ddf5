"""The demo servers come back as they were, and leave nothing behind."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from opsmanager.embedded.demo.server import HOST
from servers.ssh.errors import LoginRefused
from tests.embedded.demo.demo import PROJECT, Account, eventually, lives


def test_a_signal_ends_everything_quickly(start):
    demo = start()
    family = demo.family()
    assert len(family) > (6 if demo.contained else 0)
    demo.pool.close()
    began = time.monotonic()
    demo.process.terminate()
    assert demo.process.wait(60) == 0
    assert time.monotonic() - began < 20
    eventually(lambda: not any(lives(one) for one in family))
    assert not (demo.folder / "servers.json").exists()


def test_a_running_command_does_not_hold_up_the_end(start):
    demo = start()
    with demo.pool.session(demo.target("web-1")):
        demo.process.terminate()
        assert demo.process.wait(60) == 0


def test_killed_the_hard_way_nothing_lives_on(start):
    demo = start()
    family = demo.family()
    demo.process.kill()
    demo.process.wait()
    eventually(lambda: not any(lives(one) for one in family))


def test_they_die_with_whoever_started_them(folder):
    code = (
        "import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-m', 'opsmanager.embedded.demo', *sys.argv[1:]]);"
        "time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, "--data", str(folder)], cwd=PROJECT)
    try:
        eventually((folder / "servers.json").exists)
        family = psutil.Process(parent.pid).children(recursive=True)
        assert family
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: not any(lives(one) for one in family))


def test_ports_and_keys_stay_over_a_restart(start):
    first = start()
    first.close()
    second = start()
    kept = ("port", "hostKey", "privateKeyFile", "username")
    for name, before in first.servers.items():
        assert {key: second.servers[name][key] for key in kept} == {
            key: before[key] for key in kept
        }
    assert first.target("db-1").private_key == second.target("db-1").private_key


def test_a_taken_port_is_replaced_and_said(start):
    first = start()
    first.close()
    port = first.servers["db-1"]["port"]
    with socket.create_server((HOST, port)):
        second = start()
        assert second.servers["db-1"]["port"] != port
        assert f"db-1: port {port} is taken now" in second.log.read_text()
        assert second.servers["web-1"]["port"] == first.servers["web-1"]["port"]


def test_private_keys_are_private(start):
    demo = start()
    for path in (demo.folder, demo.folder / "web-1"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (Path(demo.servers["web-1"]["privateKeyFile"]), demo.folder / "web-1/host_key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "PRIVATE KEY" in path.read_text()
    assert "PRIVATE KEY" not in (demo.folder / "servers.json").read_text()


@pytest.fixture
def as_in_a_container() -> str:
    """A command that runs another one as root of nothing but its own user namespace."""
    program = shutil.which("unshare")
    if program is None or subprocess.run([program, "-Ur", "true"], check=False).returncode:
        pytest.skip("No unshare (Debian: util-linux), or it is refused.")
    return program


def test_where_the_kernel_refuses_the_servers_say_so_and_read_only(start, as_in_a_container):
    refuse = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" "$@"'
    demo = start(prefix=(as_in_a_container, "-Ur", "sh", "-c", refuse))
    assert not demo.contained
    assert "NOT CONTAINED: this machine does not allow it" in demo.log.read_text()
    assert demo.run("cat /proc/loadavg").code == 0
    assert demo.run("systemctl restart shop").code == 126


def test_root_of_a_container_contains_them_too(start, as_in_a_container):
    demo = start(prefix=(as_in_a_container, "-Ur"))
    if os.geteuid() == 0:
        # The machine's root in disguise: no limit on processes would hold him.
        assert not demo.contained
    else:
        assert demo.run("systemctl restart shop; systemctl is-active shop").out == "active\n"


def test_a_private_umask_makes_no_difference(start):
    demo = start(prefix=("sh", "-c", 'umask 077; exec "$0" "$@"'))
    if not demo.contained:
        pytest.skip("This machine cannot contain demo servers.")
    assert demo.run("systemctl restart shop; systemctl is-active shop").out == "active\n"


def test_a_world_that_ends_is_replaced(start):
    demo = start()
    if not demo.contained:
        pytest.skip("This machine cannot contain demo servers.")
    assert demo.run("systemctl restart shop; systemctl is-active shop").out == "active\n"
    boots = psutil.Process(demo.process.pid).children()
    first_processes = [child for boot in boots for child in boot.children()]
    os.kill(first_processes[0].pid, signal.SIGKILL)
    eventually(lambda: "The world of web-1 has ended; it gets a new one." in demo.log.read_text())
    eventually(lambda: demo.answers("systemctl is-active shop", on="web-1") == "failed\n")


def test_only_the_login_key_opens_the_door(start):
    demo = start()
    other = (demo.folder / "web-1/host_key").read_text()
    stranger = replace(demo.target("web-1"), private_key=other)
    with pytest.raises(LoginRefused), demo.pool.session(stranger):
        pass


def test_a_missing_folder_is_an_error_of_the_command_line():
    result = subprocess.run(
        [sys.executable, "-m", "opsmanager.embedded.demo"],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "--data" in result.stderr


def test_accounts_are_told_apart():
    assert Account("root").options == {}
