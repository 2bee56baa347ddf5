"""Runs the tests that a page shows, in a pytest and a process of their own."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.docs.fences import PROJECT, Fence


def passed(shown: Iterable[Fence], folder: Path, *options: str) -> str:
    """Write the titled code into the folder, run its tests, which must pass; return the output.

    There is no database and no Django. A process of its own: defining a runbook registers it.
    """
    for fence in shown:
        file = folder / fence.title
        file.parent.mkdir(exist_ok=True)
        file.write_text(fence.code, encoding="utf-8")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider"),
            *(*options, "-c", os.devnull, "--rootdir", folder, folder),
        ],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}{os.pathsep}{folder}"},
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
