"""The code of the page on testing runbooks works as it stands there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers.ssh.testing.requirement import require_sshd
from tests.docs.fences import DOCS, PROJECT, fences

PAGE = DOCS / "testing-a-runbook.md"


@pytest.mark.sshd
def test_the_tests_of_the_page_pass_with_no_database(tmp_path: Path) -> None:
    require_sshd()
    shown = fences(PAGE, "python")
    for fence in shown:
        file = tmp_path / fence.title
        file.parent.mkdir(exist_ok=True)
        file.write_text(fence.code, encoding="utf-8")

    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider"),
            *("-W", "error", "-c", os.devnull, "--rootdir", tmp_path, tmp_path),
        ],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}{os.pathsep}{tmp_path}"},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "10 passed" in ended.stdout
    assert all(fence.title for fence in shown)


def test_its_code_imports_nothing_in_vain(tmp_path: Path) -> None:
    for fence in fences(PAGE, "python"):
        file = tmp_path / fence.title
        file.parent.mkdir(exist_ok=True)
        file.write_text(fence.code, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F", "."]

    ended = subprocess.run(
        [*ruff, "--line-length", "100"], cwd=tmp_path, check=False, capture_output=True, text=True
    )

    assert ended.returncode == 0, ended.stdout
