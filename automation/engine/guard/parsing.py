"""Reads shell text into a tree with shfmt, the parser of mvdan/sh, as a program of its own."""

import json
import shutil
import subprocess
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

Node = dict[str, Any]
"""A node of the tree, as ``shfmt --to-json`` prints it."""

MOST_BYTES = 16 * 1024
"""The tree is some 200 times as large as its text."""
_SECONDS = 5


class Unreadable(Exception):
    """The text is no shell that can be read; the message says why."""


def parse(text: str) -> Node:
    """Return the tree of a text; raises ``Unreadable``, also for too long a text."""
    source = text.encode(errors="surrogatepass")
    if len(source) > MOST_BYTES:
        raise Unreadable(f"It is longer than {MOST_BYTES // 1024} KB.")
    try:
        ran = subprocess.run(
            [_program(), "-ln", "bash", "--to-json"],
            input=source,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
        tree: Node = json.loads(ran.stdout)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise Unreadable(f"{said.removeprefix('<standard input>:')}.") from error
    except (OSError, subprocess.TimeoutExpired, ValueError, RecursionError) as error:
        raise Unreadable(f"The parser failed ({type(error).__name__}).") from error
    return tree


@cache
def _program() -> str:
    """Return where shfmt is: beside the Python that runs, whatever the PATH."""
    beside = Path(sysconfig.get_path("scripts"), "shfmt")
    return str(beside) if beside.exists() else shutil.which("shfmt") or "shfmt"
