"""A transport that sends each command with the ssh program: real, and none of our own code."""

import subprocess
from pathlib import Path
from uuid import UUID

from automation.engine.commands import Command
from automation.engine.ports import OutputSink
from automation.engine.results import CommandResult
from tests.servers.systemd.machines import SystemdMachine


class OpensshTransport:
    """Logs in to a machine for each command; ``folder`` takes the key and the known host."""

    def __init__(self, machine: SystemdMachine, user: str, folder: Path) -> None:
        key, known = folder / "key", folder / "known_hosts"
        key.touch(mode=0o600)
        key.write_text(machine.private_key)
        known.write_text(f"[{machine.address}]:{machine.ssh_port} {' '.join(machine.host_key)}\n")
        self._ssh = [
            *("ssh", "-F", "none", "-T", "-i", str(key), "-p", str(machine.ssh_port)),
            *("-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"),
            *("-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"),
            f"{user}@{machine.address}",
        ]
        self._as_root = user == "root"

    def render(self, command: Command) -> str:
        """Return the text that is sent."""
        return command.text(as_root=self._as_root)

    def run(
        self, command: Command, *, action_id: UUID, timeout: float, on_output: OutputSink
    ) -> CommandResult:
        """Send it and wait for its end."""
        ran = subprocess.run(
            [*self._ssh, self.render(command)],
            input=command.stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
        on_output("stdout", ran.stdout)
        on_output("stderr", ran.stderr)
        return CommandResult(exit_code=ran.returncode, stdout=ran.stdout, stderr=ran.stderr)
