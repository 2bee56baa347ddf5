"""What README.md, CONTRIBUTING.md, quickstart.md and testing.md say of `make` and of running tests.

Nothing of it is run whole, for most of it takes minutes: `make` says what it would do, and the
options are read by the very programs that take them. That `make run` works is shown by
`tests/embedded/test_run.py`, and that the tests do by this one.
"""

import argparse
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.docs.fences import PROJECT
from tests.docs.shell_blocks import to_run
from tests.docs.typed import need, typed
from tests.stack.services import RUN

PAGES = ("README.md", "CONTRIBUTING.md", "docs/quickstart.md", "docs/testing.md")
PROGRAM = re.compile(r"-m ((?:benchmarks|tests\.(?:faults|endurance))\S*)(.*)$", re.MULTILINE)
COLLECT = "--collect-only -p no:cacheprovider"


def commands(page: str) -> Iterator[str]:
    """Return each line, without the comment that stands at its end."""
    for block in to_run(page):
        for line in block.splitlines():
            command = re.sub(r"\s+#.*$", "", line).strip()
            # What works on a running OpsManager is run by tests/docs/test_documented_commands.py.
            if command and not command.startswith("make manage"):
                yield command


MADE = sorted({one for page in PAGES for one in commands(page) if one.startswith("make ")})
OTHERS = sorted({one for page in PAGES for one in commands(page) if not one.startswith("make ")})


def recipe(command: str) -> str:
    """Return what make would do, or fail with what it says."""
    need("make")
    words = shlex.split(command)
    ended = subprocess.run(
        [*words[:1], "--dry-run", *words[1:]],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("command", MADE)
def test_a_target_is_there(command: str) -> None:
    assert recipe(command).strip()


@pytest.mark.parametrize(
    "command", [one for one in MADE if "ARGS" in one and "make test" not in one]
)
def test_the_program_of_a_target_takes_its_arguments(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((module, options),) = PROGRAM.findall(recipe(command))
    taken: list[argparse.Namespace] = []
    real = argparse.ArgumentParser.parse_args

    def read_and_stop(parser: argparse.ArgumentParser, *given: Any) -> NoReturn:
        taken.append(real(parser, *given))
        raise SystemExit(0)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", read_and_stop)
    monkeypatch.setattr(sys, "argv", [module, *shlex.split(options)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")
    assert ended.value.code == 0
    assert taken


@pytest.mark.parametrize("command", [one for one in MADE if one.startswith("make test ")])
def test_the_tests_that_are_named_are_there(command: str, tmp_path: Path) -> None:
    (options,) = re.findall(r"bin/pytest (.*)$", recipe(command), re.MULTILINE)
    # Not the name of this run: whoever has it drops its database at the end.
    services = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("DATABASE_", "REDIS_", "SECRET_", "OPSMANAGER_")) and name != RUN
    }
    collect = f"python -m pytest {options} {COLLECT} -q"
    said = typed([f'cd "{PROJECT}"', collect], tmp_path, **services)
    assert re.search(r"\d+/\d+ tests collected", said), said


def test_help_names_what_the_pages_name(tmp_path: Path) -> None:
    need("make", "expand")
    named = {one.split()[1] for one in MADE}
    listed = subprocess.run(
        ["make", "help"], cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout
    assert named <= {line.split()[0] for line in listed.splitlines()}


def test_services_are_there_for_any_command(tmp_path: Path) -> None:
    (command,) = OTHERS
    assert command.startswith("python -m opsmanager.embedded with-services --fresh -- pytest ")
    path = f"{Path(sys.executable).parent}"
    said = typed([f'cd "{PROJECT}"', f'PATH="{path}:$PATH"', f"{command} {COLLECT} -q"], tmp_path)
    assert re.search(r"\d+ tests collected", said), said
