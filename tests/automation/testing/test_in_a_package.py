"""An organisation's own package tests its runbooks with no database and no settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers.ssh.testing.requirement import require_sshd
from tests.docs.fences import PROJECT

pytestmark = pytest.mark.sshd

RUNBOOK = '''\
"""Greet."""

from automation.engine import Run, Runbook, step


class Greet(Runbook):
    """Greet.

    Use it in tests.
    """

    id = "GREET"
    title = "Greet"
    irreversible = "what was said was said."

    @step("Greet")
    def greet(self, run: Run) -> None:
        run.change("touch", "greeted")
'''
TEST = """\
import sys

from acme.greet import Greet
from automation.engine.results import Status


def test_it_greets(real_server):
    done = real_server.run(Greet, {})
    assert done.outcome.status is Status.SUCCESS, done.outcome
    assert (real_server.home / "greeted").exists()


def test_nothing_of_the_product_s_server_side_was_loaded(real_server):
    real_server.dry_run(Greet, {})
    assert not {"django", "celery", "psycopg"} & set(sys.modules)
"""


def pytest_of_the_package(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "acme").mkdir()
    (folder / "acme" / "greet.py").write_text(RUNBOOK)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_greet.py").write_text(TEST)
    (folder / "conftest.py").write_text('pytest_plugins = ("automation.testing.plugin",)\n')
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-rs", "-W", "error", "-p", "no:django"),
            *("-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder, folder),
        ],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{PROJECT}{os.pathsep}{folder}",
            **environment,
        },
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_fixture_needs_no_database_and_no_settings(tmp_path: Path) -> None:
    require_sshd()

    ended = pytest_of_the_package(tmp_path)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout


@pytest.mark.parametrize(("on_ci", "says"), [("false", "2 skipped"), ("true", "2 errors")])
def test_without_an_sshd_they_are_skipped_and_on_ci_they_fail(
    tmp_path: Path, on_ci: str, says: str
) -> None:
    # The program is looked for in folders that this file shadows; so nothing is uninstalled.
    (tmp_path / "sitecustomize.py").write_text(
        "import shutil\n"
        "which = shutil.which\n"
        "shutil.which = lambda name, *a, **k: None if name == 'sshd' else which(name, *a, **k)\n"
    )

    ended = pytest_of_the_package(tmp_path, CI=on_ci)

    assert says in ended.stdout, ended.stdout + ended.stderr
    assert "apt-get install openssh-server" in ended.stdout
