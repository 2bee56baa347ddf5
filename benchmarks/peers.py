"""The tools that people use today, each made as fast as it can be, in a process of its own."""

import json
import os
import resource
import subprocess
from pathlib import Path

from benchmarks.fleet import Fleet

SCRIPTS = Path(__file__).with_name("peer_scripts")
PEERS = ("parallel-ssh", "fabric", "pyinfra", "ansible")
PYTHON = Path(os.environ.get("OPSMANAGER_PEERS", ".venv/peers")) / "bin" / "python"
COMMANDS = (
    "cat /proc/loadavg",
    "cat /proc/uptime",
    "cat /proc/version",
    "cat /proc/filesystems",
)
"""As the runbook BENCH_READ has them."""
_PATIENCE = 900


def run(peer: str, hosts: Fleet, folder: Path, executions: int) -> tuple[int, float]:
    """Let it run the four commands; return how many succeeded, and its processor seconds."""
    key = folder / "peer-key"
    if not key.exists():
        key.write_text(hosts.private_key)
        key.chmod(0o600)
    given = {
        "hosts": [[host.address, host.port] for host in hosts.hosts],
        "user": hosts.user,
        "key": str(key),
        "executions": executions,
        "commands": COMMANDS,
        "folder": str(folder),
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [str(PYTHON), str(SCRIPTS / f"{peer.replace('-', '_')}.py")],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=_PATIENCE,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return int(ended.stdout.split()[-1]), used
