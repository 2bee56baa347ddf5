"""The page on a first own runbook, done from an empty folder as it says."""

import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.fences import DOCS, PROJECT, Fence, fences
from tests.docs.typed import typed
from tests.stack.demo import begin
from tests.stack.stack import running

pytestmark = pytest.mark.xdist_group("alone")

PAGE = DOCS / "first-runbook.md"
FIRST = "OPSMANAGER=~/opsmanager\n"
SOURCES = ("automation", "incidents", "opsmanager", "servers", "manage.py")


def written() -> list[Fence]:
    """Return the files of the page."""
    return [fence for kind in ("toml", "python") for fence in fences(PAGE, kind)]


@pytest.fixture
def opsmanager(tmp_path: Path) -> Path:
    """Return the sources with a `.venv` of their own, which finds all that is installed here.

    So the reader's package is installed as the page says, and not into the one that runs the tests.
    """
    folder = tmp_path / "opsmanager"
    venv.create(folder / ".venv", symlinks=True, with_pip=False)
    (site,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    packages = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    lines = [f"import site; site.addsitedir({path!r})" for path in sorted(packages)]
    (site / "installed.pth").write_text("\n".join(lines) + "\n")
    # Beside its Python OpsManager looks for the program that reads shell.
    shell_reader = Path(sysconfig.get_path("scripts"), "shfmt")
    (folder / ".venv" / "bin" / shell_reader.name).symlink_to(shell_reader)
    for name in SOURCES:
        (folder / name).symlink_to(PROJECT / name)
    return folder


@pytest.fixture
def its_python(opsmanager: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let OpsManager be started by the Python of its `.venv`, as `make run` does."""
    python = str(opsmanager / ".venv" / "bin" / "python")
    monkeypatch.setattr(sys, "executable", python)
    return python


def test_each_file_of_the_page_says_where_it_goes() -> None:
    assert {fence.title for fence in written()} == {
        "pyproject.toml",
        "acme_runbooks/rebooted.py",
        "tests/test_rebooted.py",
    }


def test_from_an_empty_folder_to_a_runbook_that_runs(
    opsmanager: Path, its_python: str, tmp_path: Path
) -> None:
    first, rehearsal, install, listed, run = (fence.code for fence in fences(PAGE, "sh"))
    assert first.startswith(FIRST)
    begun = first.removeprefix(FIRST)
    desk, folder = tmp_path / "desk", tmp_path / "stack"
    desk.mkdir()
    folder.mkdir()

    typed([begun], desk)
    for fence in written():
        (desk / "acme" / fence.title).write_text(fence.code, encoding="utf-8")
    said = typed(["cd acme", rehearsal, install], desk, OPSMANAGER=str(opsmanager))
    assert "2 passed" in said

    with running(folder, organisation=None) as stack:
        # What `make run` does at each start; here the tables are a copy.
        migrated = stack.manage("migrate", "--noinput", "--verbosity=0")
        assert migrated.returncode == 0, migrated.stderr
        begin(stack)
        said = typed([listed, run], desk, stack=stack, OPSMANAGER=str(opsmanager))
        known = stack.api().get("automation/runbooks/ACME_REBOOTED").expect(200)["runbook"]

    assert "ACME_REBOOTED            Look for a reboot\n" in said
    assert "  hours (whole number, default 24): How long ago counts as lately" in said
    assert said.count("$ cat /proc/uptime\n") == 2
    assert " within 24 hours: it is up for " in said
    assert " within 48 hours: it is up for " in said
    assert "\nDry run of Look for a reboot on web-1, started by admin, succeeded." in said
    assert "\nLook for a reboot on web-1, started by admin, succeeded." in said
    assert [parameter["name"] for parameter in known["parameters"]] == ["hours"]
