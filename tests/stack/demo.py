"""The demo servers beside a running stack, known to it together with their incident."""

import base64
import io
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

from tests.stack.ready import START_PATIENCE
from tests.stack.stack import Stack

DOWN = "shop.service"
"""The unit on web-1 that the incident is about."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The running demo servers."""

    servers: dict[str, dict[str, Any]]
    """By name, as the API shows them."""
    described: dict[str, dict[str, Any]] = field(repr=False)
    """By name, as servers.json tells them to `seed_demo`."""

    def login_key(self, name: str) -> str:
        """Return the private key that opens the server."""
        return Path(self.described[name]["privateKeyFile"]).read_text()

    def stop(self, name: str, unit: str) -> None:
        """Stop a unit by hand, past OpsManager."""
        one = self.described[name]
        with paramiko.SSHClient() as client:
            client.get_host_keys().add(
                f"[{one['hostname']}]:{one['port']}",
                one["hostKey"]["type"],
                paramiko.Ed25519Key(data=base64.b64decode(one["hostKey"]["publicKey"])),
            )
            client.connect(
                one["hostname"],
                one["port"],
                one["username"],
                pkey=paramiko.Ed25519Key.from_private_key(io.StringIO(self.login_key(name))),
                allow_agent=False,
                look_for_keys=False,
                banner_timeout=START_PATIENCE,
                auth_timeout=START_PATIENCE,
            )
            _, stdout, stderr = client.exec_command(f"systemctl stop {unit}")
            assert stdout.channel.recv_exit_status() == 0, stderr.read().decode()


def begin(stack: Stack) -> Demo:
    """Start the demo servers and enter them as `make run` does; the stack's end ends them."""
    process = stack.start(stack.plan.demo())
    deadline = time.monotonic() + START_PATIENCE
    while not stack.plan.servers_file.exists():
        assert not process.has_ended, process.output()
        assert time.monotonic() < deadline, process.output()
        time.sleep(0.1)
    seeded = stack.manage("seed_demo", str(stack.plan.servers_file))
    assert seeded.returncode == 0, seeded.stderr
    described = {one["name"]: one for one in json.loads(stack.plan.servers_file.read_text())}
    known = stack.api().get("servers?limit=100").expect(200)["servers"]
    servers = {server["name"]: server for server in known if server["name"] in described}
    return Demo(servers=servers, described=described)
