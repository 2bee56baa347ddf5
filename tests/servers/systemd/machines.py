"""Real Debian servers: systemd, sshd and nginx, each on a loopback address of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tests.servers.systemd.address import HTTP_PORT, SSH_PORT, Address, reserved
from tests.servers.systemd.cgroup import ControlGroup
from tests.servers.systemd.enclosure import Enclosure
from tests.servers.systemd.errors import MachineError
from tests.servers.systemd.rootfs import build
from tests.servers.systemd.seed import KeyPair, write_seed

_SCRIPT = Path(__file__).with_name("machine.sh")
_BOOT_LIMIT = 180.0  # seconds; 1 to 3 are usual
_POWER_OFF_LIMIT = 120.0
_POWER_OFF = signal.SIGRTMIN + 4  # what systemd takes for `systemctl poweroff`, see systemd(1)
_REBOOT = signal.SIGRTMIN + 5  # and for `systemctl reboot`
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True, kw_only=True)
class SystemdMachine:
    """One running server. `private_key` opens it for each of its four users.

    `username` has sudo without a password, `user_without_sudo` none, `user_with_password_sudo`
    one that asks for a password; `root` may log in as well.
    """

    name: str
    address: str
    host_key: tuple[str, str]
    """Type and base64, as a known_hosts line has them."""
    private_key: str = field(repr=False)
    """In OpenSSH's format, without a passphrase."""
    ssh_port: int = SSH_PORT
    http_port: int = HTTP_PORT
    """nginx answers every path here with the machine's name."""
    username: str = "ops"
    user_without_sudo: str = "nosudo"
    user_with_password_sudo: str = "pwsudo"
    enclosure: Enclosure = field(repr=False)
    group: ControlGroup = field(repr=False)

    @property
    def is_running(self) -> bool:
        """Whether it still has processes."""
        return self.enclosure.is_alive

    @property
    def leader(self) -> int:
        """The PID of its systemd as seen from here. Raises MachineError when there is none."""
        pid = self.group.first_process()
        if pid is None:
            raise MachineError(f"{self.name} has no systemd running.")
        return pid

    def run(
        self, *command: str, check: bool = True, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` on it as root, past sshd: to arrange a test and to see its effect.

        Raises subprocess.CalledProcessError when it fails, unless `check` is off, and
        subprocess.TimeoutExpired after `timeout` seconds.
        """
        return subprocess.run(
            ["nsenter", "--target", str(self.leader), "--all", "--", *command],
            check=check,
            timeout=timeout,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def poweroff(self) -> None:
        """Shut it down in good order. Raises MachineError when it doesn't end."""
        os.kill(self.leader, _POWER_OFF)
        try:
            self.enclosure.wait(_POWER_OFF_LIMIT)
        except subprocess.TimeoutExpired:
            raise _failure(self, "did not power off") from None

    def reboot(self, *, orderly: bool = True) -> None:
        """Reboot it and wait until it is up; what is on its disk stays. Raises MachineError.

        Without `orderly` no process is told, as when somebody presses the reset button.
        """
        before = self.leader
        if orderly:
            os.kill(before, _REBOOT)
        else:
            self.run("systemctl", "reboot", "-ff", check=False)
        deadline = time.monotonic() + _POWER_OFF_LIMIT
        while self.group.first_process() in (None, before):
            if time.monotonic() > deadline or not self.is_running:
                raise _failure(self, "did not go down and come again")
            time.sleep(0.05)
        _wait_until_up(self)


BootMachine = Callable[[], SystemdMachine]
"""Boots a machine for one test; what the fixture of that name returns."""


@contextmanager
def booted() -> Iterator[SystemdMachine]:
    """Boot a machine, yield it once it is up, and leave nothing of it behind.

    Raises MachineError when it doesn't come up, or a unit on it failed.
    """
    rootfs = build()
    scratch = rootfs.with_name("scratch")  # mounted over, unseen by others, in each namespace
    scratch.mkdir(exist_ok=True)
    with reserved() as address, _control_group(address) as group:
        name = f"web{address.number}"
        host_key, login_key = KeyPair.generate(), KeyPair.generate()
        key_type, key = host_key.public.split()
        with (
            _seed(name, address, host_key, login_key) as seed,
            Enclosure(
                *("bash", str(_SCRIPT), name, str(rootfs), str(scratch)),
                *map(str, group.paths),
                stdin=seed,
                keep=[address.lease.fileno()],
            ) as enclosure,
        ):
            machine = SystemdMachine(
                name=name,
                address=str(address),
                host_key=(key_type, key),
                private_key=login_key.private,
                enclosure=enclosure,
                group=group,
            )
            _wait_until_up(machine)
            yield machine


@contextmanager
def _seed(
    name: str, address: Address, host_key: KeyPair, login_key: KeyPair
) -> Iterator[IO[bytes]]:
    with TemporaryFile() as storage:
        write_seed(storage, name=name, address=address, host_key=host_key, login_key=login_key)
        storage.seek(0)
        yield storage


@contextmanager
def _control_group(address: Address) -> Iterator[ControlGroup]:
    group = ControlGroup.create(f"opsmanager-test-machine-{address.number}")
    try:
        yield group
    finally:
        group.remove()


def _wait_until_up(machine: SystemdMachine) -> None:
    deadline = time.monotonic() + _BOOT_LIMIT
    while not _has_started(machine):
        if not machine.is_running:
            raise _failure(machine, "ended while it booted")
        if time.monotonic() > deadline:
            raise _failure(machine, f"did not come up within {_BOOT_LIMIT:.0f} s")
        time.sleep(0.05)


def _has_started(machine: SystemdMachine) -> bool:
    """Whether every unit is up; sshd and nginx tell systemd when they listen, or have failed."""
    if machine.group.first_process() is None:
        return False
    state = machine.run("systemctl", "is-system-running", check=False).stdout.strip()
    if state == "degraded":
        units = machine.run("systemctl", "--failed", "--plain", "--no-legend").stdout
        raise _failure(machine, f"came up with failed units:\n{units}\n")
    return state == "running"


def _failure(machine: SystemdMachine, what: str) -> MachineError:
    return MachineError(
        f"{machine.name} {what}. Its console's last words:\n{machine.enclosure.log()}"
    )
