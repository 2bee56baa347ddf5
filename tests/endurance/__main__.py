"""Let OpsManager work for as long as it takes, and see whether it holds on to anything.

Everything is real and on this machine: web, workers, beat, PostgreSQL, Redis and OpenSSH as
processes of their own. `make endurance`, or `make endurance ARGS="--executions 5000"`. Ends with 1
where memory, threads, open files or connections grow, where a request fails, or an execution ends
as it must not.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.endurance import verdict
from tests.endurance.run import Scale, run
from tests.faults.world import words_of, world

_SHOWN = 20


def main() -> None:
    """Make the run that is asked for, and print what it showed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--executions", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=90, help="to launch, at most")
    parser.add_argument("--seed", type=int, default=1, help="what is launched, and in which order")
    asked = parser.parse_args()
    # Whoever ends it leaves nothing running either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="opsmanager-endurance-") as folder,
        world(Path(folder), servers=1) as whole,
    ):

        def say(words: str) -> None:
            print(f"{time.monotonic() - began:5.0f} s  {words}", flush=True)

        say("everything runs")
        scale = Scale(executions=asked.executions, seconds=asked.minutes * 60, seed=asked.seed)
        course = run(whole, Path(folder) / "site", scale, say=say)
        found = verdict.wrong(course)
        if found:
            print(words_of(whole.stack.processes), file=sys.stderr)
    print("", *verdict.lines(course), "", sep="\n")
    if course.last.executions < asked.executions:
        print(f"Time was up after {course.last.executions} of {asked.executions} executions.")
    for sentence in found[:_SHOWN]:
        print(f"WRONG: {sentence}")
    if len(found) > _SHOWN:
        print(f"WRONG: and {len(found) - _SHOWN} more")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
