"""One demo server: an SSH door on this machine's loopback, and the world behind it."""

import errno
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from opsmanager.embedded.demo import programs, reading
from opsmanager.embedded.demo.blueprint import Blueprint
from opsmanager.embedded.demo.containment.boot import ENVIRONMENT
from opsmanager.embedded.demo.containment.plan import Plan
from opsmanager.embedded.demo.containment.world import World
from opsmanager.embedded.demo.identity import Identity, key_at
from servers.ssh.testing import Launch, SshServer

HOST = "127.0.0.1"
USER = "root"
FIRST_WORLD_USER = 64_100
"""User id outside of the first server's root, where we are root: ids that nobody has."""


class DemoServer:
    """A demo server of this machine. ``number`` tells it from the others; 0, 1, 2, ..."""

    def __init__(self, blueprint: Blueprint, *, folder: Path, number: int) -> None:
        self.blueprint = blueprint
        self.login_key_file = folder / "login_key"
        self.world: World | None = World(
            Plan(
                hostname=blueprint.name,
                programs=str(folder / "programs"),
                interpreter=str(programs.interpreter()),
                interpreter_files=programs.interpreter_files(),
                log_megabytes=blueprint.log_megabytes,
                user=FIRST_WORLD_USER + number,
            ),
            blueprint.contents(),
        )
        self._identity = Identity(folder=folder / blueprint.name)
        self._door: SshServer | None = None

    def do_without_world(self) -> None:
        """Only read from now on: the machine does not allow a world."""
        self.world = None

    def listen(self, say: Callable[[str], None]) -> None:
        """Open its door: on the port it had before, if that is still free."""
        before = self._identity.port
        try:
            self._open(before)
        except OSError as error:
            if not before or error.errno != errno.EADDRINUSE:
                raise
            self._open(0)
            say(f"{self.blueprint.name}: port {before} is taken now, so it has another one.")

    def close(self) -> None:
        """Close the door, and end the world with all its processes."""
        if self.world is not None:
            self.world.end()
        if self._door is not None:
            self._door.close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._door.port if self._door else 0

    def describe(self) -> dict[str, Any]:
        """Return its entry of ``servers.json``."""
        incident = self.blueprint.incident
        contained = self.world is not None
        key = self._identity.host_key()
        description = self.blueprint.description
        if not contained:
            description += ". Not contained on this machine: it runs a few reading commands only"
        entry: dict[str, Any] = {
            "name": self.blueprint.name,
            "hostname": HOST,
            "port": self.port,
            "username": USER,
            "platform": "LINUX",
            "environment": self.blueprint.environment,
            "hostKey": {"type": key.type, "publicKey": key.public_key},
            "privateKeyFile": str(self.login_key_file),
            "description": description,
            "contained": contained,
        }
        # Nothing is broken on a server that has no world.
        if incident is not None and contained:
            entry["incident"] = {
                "title": incident.title,
                "severity": incident.severity,
                "labels": dict(incident.labels),
                "description": incident.description,
            }
        return entry

    def _open(self, port: int) -> None:
        launch: Launch = self.world.launch if self.world is not None else reading.launch
        environment = ENVIRONMENT
        if self.world is None:
            environment = {"PATH": "/usr/bin:/bin", "HOME": tempfile.gettempdir(), "LANG": "C"}
        door = SshServer(
            host=HOST,
            port=port,
            host_key=self._identity.host_key().private_key,
            authorized_keys={USER: [key_at(self.login_key_file).public_key]},
            environment=environment,
            launch=launch,
        )
        door.start()
        self._door = door
        with suppress(OSError):
            self._identity.remember_port(door.port)
