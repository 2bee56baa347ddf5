"""``python -m opsmanager.embedded.demo --data DIR``: the demo servers, until a signal ends them.

Each start gives fresh worlds; only ports and keys stay, in DIR. Once all servers listen,
DIR/servers.json tells what OpsManager has to know of them.
"""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from opsmanager.embedded.demo import programs
from opsmanager.embedded.demo.containment import libc
from opsmanager.embedded.demo.containment.errors import ContainmentUnavailable
from opsmanager.embedded.demo.fleet import FLEET
from opsmanager.embedded.demo.identity import private_folder
from opsmanager.embedded.demo.server import DemoServer

UNCONTAINED = "OPSMANAGER_DEMO_UNCONTAINED"
"""Set to 1, no server is contained, as where that is impossible: to try out how that is."""
LOOK_EVERY = 0.5


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the servers until SIGTERM, SIGINT or the end of whoever started this."""
    parser = argparse.ArgumentParser(prog="python -m opsmanager.embedded.demo")
    parser.add_argument("--data", type=Path, required=True, help="folder of ports and keys")
    folder: Path = parser.parse_args(words).data.resolve()
    parent = os.getppid()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    if sys.platform == "linux":
        libc.die_with_parent(signal.SIGTERM)
    private_folder(folder)
    described = folder / "servers.json"
    described.unlink(missing_ok=True)
    servers = [DemoServer(one, folder=folder, number=n) for n, one in enumerate(FLEET)]
    try:
        _begin(servers, described, forced=environ.get(UNCONTAINED) == "1")
        while not stopped.wait(LOOK_EVERY) and os.getppid() == parent:
            _revive(servers)
    finally:
        described.unlink(missing_ok=True)
        for server in servers:
            server.close()
    return 0


def _begin(servers: list[DemoServer], described: Path, *, forced: bool) -> None:
    """Contain all servers or none, open their doors, and write down where they are."""
    reason = f"{UNCONTAINED} is set" if forced else _contain(servers, described.parent)
    if reason:
        _say(f"NOT CONTAINED: {reason}.")
        _say("The demo servers therefore run only a few reading commands; runbooks are refused.")
        for server in servers:
            server.do_without_world()
    for server in servers:
        server.listen(_say)
        kind = "contained" if server.world else "reading only"
        _say(f"{server.blueprint.name} listens on 127.0.0.1:{server.port} ({kind}).")
    new = described.with_suffix(".new")
    new.write_text(json.dumps([one.describe() for one in servers], indent=2), encoding="utf-8")
    new.replace(described)


def _contain(servers: list[DemoServer], folder: Path) -> str:
    """Build all worlds; return why that cannot be, and leave none then."""
    if sys.platform != "linux":
        return "only Linux can contain them"
    programs.gather(folder / "programs")
    try:
        worlds = [server.world for server in servers if server.world is not None]
        for world in worlds:
            world.begin()
        for world in worlds:
            world.wait_until_ready()
    except ContainmentUnavailable as error:
        for server in servers:
            server.close()
        return str(error)
    return ""


def _revive(servers: list[DemoServer]) -> None:
    """Give a server whose world has ended a new one."""
    for server in servers:
        world = server.world
        if world is not None and not world.is_alive:
            _say(f"The world of {server.blueprint.name} has ended; it gets a new one.")
            world.end()
            # Tried again at the next look.
            with suppress(ContainmentUnavailable):
                world.begin()
                world.wait_until_ready()


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
