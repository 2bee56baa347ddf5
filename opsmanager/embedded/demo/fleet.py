"""All demo servers of this machine, from their worlds to the file that tells of them."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from opsmanager.embedded.demo import programs
from opsmanager.embedded.demo.containment.errors import ContainmentUnavailable
from opsmanager.embedded.demo.identity import private_folder
from opsmanager.embedded.demo.server import DemoServer
from opsmanager.embedded.demo.shop import SHOP


class Fleet:
    """The demo servers, whose ports and keys stay in ``folder``; ``say`` gets lines for people."""

    def __init__(self, folder: Path, *, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.servers = [DemoServer(one, folder=folder, number=n) for n, one in enumerate(SHOP)]
        self._say = say

    @property
    def described(self) -> Path:
        """``servers.json``: there while the servers listen."""
        return self.folder / "servers.json"

    def begin(self, *, uncontained_because: str = "") -> None:
        """Contain all servers or none, open their doors, and write down where they are.

        Call it from the main thread: a world ends with the thread that began it. With a reason not
        to, none is contained. Raises ``OSError`` when the folder cannot be written to.
        """
        private_folder(self.folder)
        self.described.unlink(missing_ok=True)
        reason = uncontained_because or self._contain()
        if reason:
            self._say(f"NOT CONTAINED: {reason}.")
            self._say("The demo servers run only a few reading commands, so runbooks fail there.")
            for server in self.servers:
                server.do_without_world()
        for server in self.servers:
            server.listen(self._say)
            kind = "contained" if server.world else "reading only"
            self._say(f"{server.blueprint.name} listens on 127.0.0.1:{server.port} ({kind}).")
        new = self.described.with_suffix(".new")
        entries = [server.describe() for server in self.servers]
        new.write_text(json.dumps(entries, indent=2), encoding="utf-8")
        new.replace(self.described)

    def look(self) -> None:
        """Give a server whose world has ended a new one."""
        for server in self.servers:
            world = server.world
            if world is None or world.is_alive:
                continue
            self._say(f"The world of {server.blueprint.name} has ended; it gets a new one.")
            world.end()
            # Tried again at the next look.
            with suppress(ContainmentUnavailable):
                world.begin()
                world.wait_until_ready()

    def close(self) -> None:
        """End all servers with all that runs on them."""
        # A folder that was never there keeps no file.
        with suppress(OSError):
            self.described.unlink(missing_ok=True)
        for server in self.servers:
            server.close()

    def _contain(self) -> str:
        """Build all worlds; return why that cannot be, and leave none then."""
        if sys.platform != "linux":
            return "only Linux can contain them"
        try:
            programs.gather(self.folder / "programs")
        except ModuleNotFoundError:
            return "docker-systemctl-replacement is missing (it comes with opsmanager[embedded])"
        worlds = [server.world for server in self.servers if server.world is not None]
        try:
            for world in worlds:
                world.begin()
            for world in worlds:
                world.wait_until_ready()
        except ContainmentUnavailable as error:
            for world in worlds:
                world.end()
            return str(error)
        return ""
