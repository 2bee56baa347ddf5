"""``python -m opsmanager.embedded.demo --data DIR``: the demo servers, until a signal ends them.

Each start gives fresh worlds; only ports and keys stay, in DIR. Once all servers listen,
DIR/servers.json tells what OpsManager has to know of them.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from opsmanager.embedded.demo.containment import libc
from opsmanager.embedded.demo.fleet import Fleet

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
    fleet = Fleet(folder, say=_say)
    try:
        forced = environ.get(UNCONTAINED) == "1"
        fleet.begin(uncontained_because=f"{UNCONTAINED} is set" if forced else "")
        while not stopped.wait(LOOK_EVERY) and os.getppid() == parent:
            fleet.look()
    except OSError as error:
        _say(f"The demo servers cannot be started: {error}.")
        return 1
    finally:
        fleet.close()
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
