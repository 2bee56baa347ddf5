"""The code of the tutorial works as it stands there."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.fences import DOCS, PROJECT, fences
from tests.docs.own_pytest import passed

PAGE = DOCS / "writing-a-runbook.md"


def test_the_runbook_of_the_tutorial_passes_its_own_tests(tmp_path: Path) -> None:
    titled = [fence for fence in fences(PAGE, "python") if fence.title]
    assert "3 passed" in passed(titled, tmp_path)
    assert {fence.title for fence in titled} == {
        "acme_runbooks/reopen_logs.py",
        "test_reopen_logs.py",
    }


def test_the_runbook_of_the_contribution_guide_is_one() -> None:
    code = next(
        fence.code
        for fence in fences(PROJECT / "CONTRIBUTING.md", "python")
        if "(Runbook)" in fence.code
    )
    rehearsed = (
        "from automation.engine.testing import rehearse, reply\n"
        "outcome = rehearse(Uptime, {}, {'uptime': reply('up 3 days\\n')}).outcome\n"
        "print(outcome.status, outcome.summary)\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code + rehearsed],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert ended.stdout == "SUCCESS up 3 days\n", ended.stderr
