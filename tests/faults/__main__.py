"""Break everything under a running OpsManager, and see whether it keeps its promises.

Everything is real and on this machine: web, workers, beat, PostgreSQL, Redis and OpenSSH as
processes of their own. `make faults`, or `make faults ARGS="--executions 200 --seed 7 worker ssh"`.
Ends with 1 where an invariant did not hold.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import table
from tests.faults.drill import Figures, drill
from tests.faults.facts import as_text
from tests.faults.families import FAMILIES
from tests.faults.world import words_of, world

_SHOWN = 10
_KEYS_SHOWN = 3


def main() -> None:
    """Run the drills that are asked for, and print what they showed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("families", nargs="*", metavar="family", help=", ".join(FAMILIES))
    parser.add_argument("--seed", type=int, default=1, help="which faults, and when")
    parser.add_argument("--executions", type=int, default=1000, help="in each family")
    parser.add_argument("--servers", type=int, default=16)
    asked = parser.parse_args()
    unknown = set(asked.families) - set(FAMILIES)
    if unknown:
        parser.error(f"There are {', '.join(FAMILIES)}; not {', '.join(sorted(unknown))}.")
    # Whoever ends it leaves nothing running either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    done: list[Figures] = []
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="opsmanager-faults-") as folder,
        world(Path(folder), servers=asked.servers) as whole,
    ):
        print(f"Everything runs after {time.monotonic() - began:.0f} s.", flush=True)
        for name in asked.families or FAMILIES:
            if lacking := FAMILIES[name].lacks():
                print(f"{name} is skipped: {lacking}.", flush=True)
                continue
            figures = drill(whole, FAMILIES[name], executions=asked.executions, seed=asked.seed)
            done.append(figures)
            told(figures)
            if not figures.is_good:
                print(words_of(whole.stack.processes), file=sys.stderr)
    print(f"\nSeed {asked.seed}.\n")
    print("\n".join(table.lines(table.row(figures) for figures in done)))
    sys.exit(0 if all(figures.is_good for figures in done) else 1)


def told(figures: Figures) -> None:
    """Say what was done, and what is wrong."""
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(figures.faults.items()))
    print(f"{figures.family}, {figures.seconds:.0f} s: {kinds}", flush=True)
    if figures.said:
        print(f"  {figures.said}", flush=True)
    for request in figures.facts.failed_requests[:_KEYS_SHOWN]:
        print(f"  a failed request, sent again: {request}", flush=True)
    if figures.died:
        print(f"  ended by themselves: {dict(figures.died)}", flush=True)
    for name, found in figures.wrong.items():
        for sentence in found[:_SHOWN]:
            print(f"  {name}: {sentence}", flush=True)
        if len(found) > _SHOWN:
            print(f"  {name}: and {len(found) - _SHOWN} more", flush=True)
    said = " ".join(sentence for found in figures.wrong.values() for sentence in found)
    keys = [launch.key for launch in figures.facts.launches if f"{launch.key} " in said]
    for key in keys[:_KEYS_SHOWN]:
        print(as_text(figures.facts, key), flush=True)


if __name__ == "__main__":
    main()
