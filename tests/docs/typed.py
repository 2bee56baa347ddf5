"""Runs in one bash what a page tells readers to type, a stack being in place of `make run`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest

from opsmanager.embedded import environment
from tests.docs.fences import PROJECT
from tests.stack.stack import PASSWORD, Stack

PATIENCE = 300.0
TOOLS = ("bash", "curl", "jq")

# `make manage` itself would look whether anything is to be installed first. As in its recipe, a
# shell reads the words of ARGS.
_COMMANDS = """
set -eu
manage.py() { "$PYTHON" -m opsmanager.embedded manage "$@"; }
make() {
  [ "$1" = manage ] || { echo "No part of this test: make $*" >&2; return 2; }
  sh -c "\\"$PYTHON\\" -m opsmanager.embedded manage ${2#ARGS=}"
}
python() {
  if [ "${1-}" = manage.py ]; then shift; manage.py "$@"; else "$PYTHON" "$@"; fi
}
"""


def lacking(what: str) -> NoReturn:
    """Skip the test for want of something; fail it instead with ``CI=true``."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"It needs {what}.")
    pytest.skip(f"needs {what}")


def need(*tools: str) -> None:
    """Skip the test where one of the programs is missing."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        lacking(" and ".join(missing))


def typed(
    blocks: Iterable[str], folder: Path, *, stack: Stack | None = None, **variables: str
) -> str:
    """Type the blocks one after the other in that folder; return what was said.

    Fails at the first command that does. With a ``stack``, `make manage`, `manage.py` and
    `python manage.py` work on it. ``variables`` are of the environment.
    """
    need("bash")
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PASSWORD": PASSWORD,
        "PYTHON": sys.executable,
        "PYTHONPATH": str(PROJECT),
    }
    if stack is not None:
        plan = stack.plan
        environment.remember(plan.data, plan.common_environment() | plan.secrets.for_web())
        given["OPSMANAGER_DATA_DIR"] = str(stack.folder)
    ended = subprocess.run(
        ["bash", "-c", "\n".join([_COMMANDS, *blocks])],
        env=given | variables,
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout
