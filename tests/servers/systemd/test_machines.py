"""The machines other tests rely on are real, separate, and gone when they should be."""

from __future__ import annotations

import base64
import io
import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import nullcontext
from pathlib import Path

import paramiko
import pytest

from tests.servers.systemd.machines import BootMachine, SystemdMachine, booted
from tests.servers.systemd.rootfs import cache_folder

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = pytest.mark.systemd

LIMIT = 60.0  # seconds


def over_ssh(machine: SystemdMachine, user: str, command: str) -> tuple[int, str, str]:
    """Return exit code, output and errors of `command`; only the machine's own key is accepted."""
    key_type, key = machine.host_key
    with paramiko.SSHClient() as client:
        client.get_host_keys().add(
            f"[{machine.address}]:{machine.ssh_port}",
            key_type,
            paramiko.Ed25519Key(data=base64.b64decode(key)),
        )
        client.connect(
            machine.address,
            machine.ssh_port,
            user,
            pkey=paramiko.Ed25519Key.from_private_key(io.StringIO(machine.private_key)),
            allow_agent=False,
            look_for_keys=False,
            timeout=LIMIT,
            banner_timeout=LIMIT,
            auth_timeout=LIMIT,
        )
        _, stdout, stderr = client.exec_command(command, timeout=LIMIT)
        output, errors = stdout.read().decode(), stderr.read().decode()
        return stdout.channel.recv_exit_status(), output, errors


def page(machine: SystemdMachine) -> str:
    """Return what the machine's nginx answers."""
    url = f"http://{machine.address}:{machine.http_port}/"
    with urllib.request.urlopen(url, timeout=LIMIT) as answer:
        return str(answer.read().decode())


def state(machine: SystemdMachine, unit: str) -> str:
    """Return the unit's state in systemd's word."""
    return machine.run("systemctl", "is-active", unit, check=False).stdout.strip()


def mounts() -> list[str]:
    """Return the mounts in the machines' cache folder that this process sees."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point.startswith(f"{cache_folder()}/systemd/")]


def identity(folder: Path) -> int | None:
    """Return what tells the folder from a later one of the same name, None when it is gone."""
    try:
        return folder.stat().st_ino
    except FileNotFoundError:
        return None


def assert_soon_gone(pid: int) -> None:
    """Fail when the process doesn't end within the limit."""
    deadline = time.monotonic() + LIMIT
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.05)


def test_a_machine_boots_into_a_running_system(systemd_machine: SystemdMachine) -> None:
    assert systemd_machine.run("systemctl", "is-system-running").stdout == "running\n"
    assert systemd_machine.run("ps", "-o", "comm=", "1").stdout == "systemd\n"
    assert systemd_machine.run("hostname").stdout.strip() == systemd_machine.name


def test_nginx_is_a_real_unit_with_a_main_process(systemd_machine: SystemdMachine) -> None:
    shown = systemd_machine.run("systemctl", "show", "nginx.service", "-p", "ActiveState,MainPID")
    values = dict(line.split("=") for line in shown.stdout.splitlines())

    assert values["ActiveState"] == "active"
    program = systemd_machine.run("readlink", f"/proc/{values['MainPID']}/exe").stdout
    assert program == "/usr/sbin/nginx\n"
    assert page(systemd_machine) == f"{systemd_machine.name}\n"


def test_a_unit_stopped_by_hand_is_inactive(boot_machine: BootMachine) -> None:
    machine = boot_machine()
    machine.run("systemctl", "stop", "nginx.service")

    assert state(machine, "nginx.service") == "inactive"
    with pytest.raises(OSError, match="refused"):
        page(machine)

    machine.run("systemctl", "start", "nginx.service")
    assert page(machine) == f"{machine.name}\n"


def test_the_journal_has_lines_of_the_unit(systemd_machine: SystemdMachine) -> None:
    code, output, _ = over_ssh(
        systemd_machine, "ops", "sudo -n journalctl --unit nginx.service --lines 5 --no-pager"
    )
    assert code == 0
    assert "Started nginx.service" in output


def test_root_logs_in_with_the_key(systemd_machine: SystemdMachine) -> None:
    assert over_ssh(systemd_machine, "root", "id -un") == (0, "root\n", "")


def test_ops_has_sudo_without_a_password(systemd_machine: SystemdMachine) -> None:
    assert over_ssh(systemd_machine, systemd_machine.username, "id -un; sudo -n id -un") == (
        0,
        "ops\nroot\n",
        "",
    )


@pytest.mark.parametrize(
    ("user", "rights"),
    [
        pytest.param("nosudo", "not allowed to run sudo", id="without sudo"),
        pytest.param("pwsudo", "(ALL : ALL) ALL", id="sudo wants a password"),
    ],
)
def test_other_users_get_no_sudo(systemd_machine: SystemdMachine, user: str, rights: str) -> None:
    code, output, errors = over_ssh(systemd_machine, user, "id -un; sudo -n id -un")

    assert (code, output) == (1, f"{user}\n")
    assert "a password is required" in errors
    assert rights in systemd_machine.run("sudo", "-l", "-U", user).stdout


def test_two_machines_at_once_are_independent(boot_machine: BootMachine) -> None:
    first, second = boot_machine(), boot_machine()
    assert first.address != second.address
    assert first.host_key != second.host_key
    assert first.private_key != second.private_key

    first.run("systemctl", "stop", "nginx.service")
    first.run("touch", "/etc/only-here")

    assert state(second, "nginx.service") == "active"
    assert page(second) == f"{second.name}\n"
    assert second.run("ls", "/etc/only-here", check=False).returncode != 0

    first.poweroff()

    assert not first.is_running
    assert over_ssh(second, "ops", "hostname") == (0, f"{second.name}\n", "")


@pytest.mark.parametrize("ending", [None, RuntimeError("a test failed"), KeyboardInterrupt()])
@pytest.mark.usefixtures("systemd_host")
def test_nothing_is_left_of_a_machine(ending: BaseException | None) -> None:
    expected = pytest.raises(type(ending)) if ending else nullcontext()
    with expected, booted() as machine:
        leader, group = machine.leader, machine.group
        assert page(machine) == f"{machine.name}\n"
        groups = {path: identity(path / "payload") for path in group.paths}
        assert groups
        assert None not in groups.values()
        assert mounts() == []
        if ending:
            raise ending

    assert not machine.is_running
    assert not Path(f"/proc/{leader}").exists()
    assert not Path(f"/proc/{machine.enclosure.pid}").exists()
    assert mounts() == []
    for path, before in groups.items():
        assert identity(path / "payload") != before


@pytest.mark.usefixtures("systemd_host")
def test_a_killed_test_run_leaves_no_process() -> None:
    program = (
        "from tests.servers.systemd.machines import booted\n"
        "with booted() as machine:\n"
        "    print(machine.enclosure.pid, machine.leader, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        enclosure, leader = map(int, run.stdout.readline().split())
        run.send_signal(signal.SIGKILL)

    assert run.returncode == -signal.SIGKILL
    assert_soon_gone(leader)
    assert_soon_gone(enclosure)


def test_a_machine_powers_off_on_request(boot_machine: BootMachine) -> None:
    machine = boot_machine()
    leader = machine.leader
    machine.poweroff()

    assert not machine.is_running
    assert not Path(f"/proc/{leader}").exists()


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_a_host_without_the_tools_skips_but_fails_on_ci(
    tmp_path: Path, ci: str, outcome: str
) -> None:
    module = tmp_path / "test_needing_a_machine.py"
    module.write_text(
        'pytest_plugins = ("tests.servers.systemd.fixtures",)\ndef test_it(systemd_machine): ...\n'
    )
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "no:django", "-rs", str(module)],
        cwd=Path(__file__).parents[3],
        env={"PATH": str(tmp_path), "CI": ci},
        check=False,
        capture_output=True,
        text=True,
    )

    assert outcome in ended.stdout
    assert "Machines need more programs: apt-get install" in ended.stdout or os.geteuid() != 0


@pytest.mark.parametrize("orderly", [True, False])
def test_a_machine_that_reboots_comes_up_with_what_was_on_its_disk(
    boot_machine: BootMachine, orderly: bool
) -> None:
    machine = boot_machine()
    machine.run("sh", "-c", "echo kept >/root/kept; echo gone >/run/gone")
    machine.reboot(orderly=orderly)

    assert machine.run("cat", "/root/kept").stdout == "kept\n"
    assert machine.run("cat", "/run/gone", check=False).returncode == 1
    assert page(machine) == f"{machine.name}\n"
