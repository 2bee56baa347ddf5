"""How long it takes from POST /automation/executions to the first command on the server.

Everything is real and on this machine: web, worker, PostgreSQL, Redis and OpenSSH as processes.
Beside it, `ssh` of OpenSSH does the same with and without a standing connection. Run it on an idle
machine: `make bench`, or `make bench ARGS="--warm 200 --output latency.json"`.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.circumstances import circumstances
from benchmarks.sshd_with_clock import ClockedSshd, clocked_sshd
from tests.stack.stack import Stack, running

Sample = dict[str, float]
"""Milliseconds from the start to each mark."""

RUNBOOK = "HEALTH_CHECK"  # it has no cooldown
MARKS = ("claimed", "answered", "sent", "began")
WORDS = {
    "claimed": "a worker has claimed it",
    "answered": "POST is answered",
    "sent": "the worker writes down its first command",
    "began": "the first command begins on the server",
}
PAUSE = 0.3  # seconds from one run to the next: the machine is to be idle
GOAL_MS = 200


def main() -> None:
    """Measure, print a table, and store the figures where --output says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--warm", type=int, default=60, help="runs on a standing connection")
    # Each on an address of its own, and an sshd listens on sixteen at most.
    parser.add_argument(
        "--cold",
        type=int,
        default=15,
        choices=range(1, 16),
        metavar="1..15",
        help="runs on a server not yet connected",
    )
    parser.add_argument("--output", type=Path, help="file for the figures, as JSON")
    asked = parser.parse_args()
    load_before = os.getloadavg()[0]
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="opsmanager-bench-")))
        (folder / "sshd").mkdir()
        sshd = ending.enter_context(clocked_sshd(folder / "sshd", addresses=asked.cold))
        stack = ending.enter_context(running(folder / "stack", concurrency=32))
        measured = {
            "OpsManager, standing connection": warm(stack, sshd, asked.warm),
            "OpsManager, new connection": cold(stack, sshd),
            **peers(sshd, folder, warm=asked.warm, cold=asked.cold),
        }
    show(measured)
    if asked.output:
        asked.output.write_text(json.dumps(report(measured, load_before), indent=2) + "\n")


def warm(stack: Stack, sshd: ClockedSshd, runs: int) -> list[Sample]:
    """Run again and again on one server; the first run, which connects, does not count."""
    server = known(stack, sshd, "127.0.0.1")
    return [execute(stack, sshd, server) for _ in range(runs + 1)][1:]


def cold(stack: Stack, sshd: ClockedSshd) -> list[Sample]:
    """Run once on each of many servers."""
    servers = [known(stack, sshd, address) for address in sshd.addresses]
    return [execute(stack, sshd, server) for server in servers]


def known(stack: Stack, sshd: ClockedSshd, address: str) -> dict[str, Any]:
    """Make the sshd known as a server at this address; nothing logs in yet."""
    return stack.server(
        "bench",
        hostname=address,
        port=sshd.sshd.port,
        username=sshd.user,
        private_key=sshd.sshd.private_key,
    )


def execute(stack: Stack, sshd: ClockedSshd, server: dict[str, Any]) -> Sample:
    """Run the runbook once, by POST, and wait for its end."""
    time.sleep(PAUSE)
    api = stack.api()
    api.get("auth/me").expect(200)  # with a token at hand the POST is all that counts
    start = time.time()
    launched = api.launch(RUNBOOK, server).expect(201)["execution"]
    answered = time.time()
    time.sleep(PAUSE)  # asking for its end would compete with what is measured
    execution = api.finished(launched["id"])
    assert execution["status"] == "SUCCESS", execution
    marks = {
        "claimed": at(execution["startedAt"]),
        "answered": answered,
        "sent": min(at(row["startedAt"]) for row in api.logs(execution)),
        "began": sshd.first_command(),
    }
    return {name: (mark - start) * 1000 for name, mark in marks.items()}


def peers(sshd: ClockedSshd, folder: Path, *, warm: int, cold: int) -> dict[str, list[Sample]]:
    """Let OpenSSH's client run a command: from its start to the command's."""
    ssh = shutil.which("ssh")
    if ssh is None:
        return {}
    key, control = folder / "key", folder / "control"
    key.write_text(sshd.sshd.private_key)
    key.chmod(0o600)
    words = [
        *(ssh, "-F", "none", "-i", str(key), "-p", str(sshd.sshd.port), "-l", sshd.user),
        *("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder / 'known'}"),
        *("-o", "LogLevel=ERROR", "-o", "BatchMode=yes"),
    ]
    standing = [*words, "-o", f"ControlPath={control}"]
    subprocess.run([*standing, "-M", "-f", "-N", "127.0.0.1"], check=True)
    try:
        return {
            "ssh, standing connection (ControlMaster)": repeat(
                warm, lambda: by_hand(sshd, [*standing, "127.0.0.1"])
            ),
            "ssh, new connection": repeat(cold, lambda: by_hand(sshd, [*words, "127.0.0.1"])),
        }
    finally:
        subprocess.run([*standing, "-q", "-O", "exit", "127.0.0.1"], check=True)


def repeat(times: int, once: Callable[[], Sample]) -> list[Sample]:
    return [once() for _ in range(times)]


def by_hand(sshd: ClockedSshd, words: list[str]) -> Sample:
    time.sleep(PAUSE)
    start = time.time()
    subprocess.run([*words, "cat /proc/loadavg"], check=True, stdout=subprocess.DEVNULL)
    return {"began": (sshd.first_command() - start) * 1000}


def at(moment: str) -> float:
    """Return a time of the API in seconds since the epoch."""
    return datetime.fromisoformat(moment).timestamp()


def percentiles(values: list[float]) -> tuple[float, float]:
    """Return p50 and p95."""
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[94]


def show(measured: dict[str, list[Sample]]) -> None:
    print(f"\nMilliseconds from POST (or the start of ssh). The goal: p50 under {GOAL_MS}.\n")
    for name, samples in measured.items():
        print(f"{name}, {len(samples)} runs")
        for mark in MARKS:
            if mark in samples[0]:
                p50, p95 = percentiles([sample[mark] for sample in samples])
                print(f"  until {WORDS[mark]:<42} p50 {p50:7.1f}   p95 {p95:7.1f}")


def report(measured: dict[str, list[Sample]], load_before: float) -> dict[str, Any]:
    return {
        **circumstances(),
        "loadBefore": load_before,
        "unit": "ms",
        "samples": measured,
    }


if __name__ == "__main__":
    main()
