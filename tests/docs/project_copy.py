"""A copy of the project, to be changed and checked beside the one that the tests run in."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile, which

import pytest

from tests.docs.fences import PROJECT
from tests.repository.tracked import tracked
from tests.stack.services import RUN

PATIENCE = 600
"""Seconds that a program may take; it catches a hang."""
_LEFT_OUT = {".git", ".venv", ".data", ".cache", "__pycache__", "node_modules", "vendor", "site"}
"""Folders of what is made, where there is no git to tell."""
_BUILT = Path("static/vendor")
_OF_THE_TESTS = {RUN, "DJANGO_SETTINGS_MODULE"}


@dataclass(frozen=True, kw_only=True)
class ProjectCopy:
    """The files that git would keep, in a folder of their own."""

    folder: Path

    def apply(self, diff: Path) -> None:
        """Change the files as a diff says; fail with what to do where it no longer fits."""
        applied = self.ended("git", "apply", "--whitespace=nowarn", str(diff))
        assert applied.returncode == 0, (
            f"{diff.relative_to(PROJECT)} no longer fits: renew it as the end of "
            f"docs/first-contribution.md says, and those after it that fail then.\n{applied.stderr}"
        )

    def run(self, program: str, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run a program of the virtual environment, which must end well; return its output."""
        ended = self.ended(str(Path(sys.executable).parent / program), *words, env=env)
        assert ended.returncode == 0, f"{program}: {ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def ended(
        self, *words: str, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Return how a program ended in the folder."""
        return subprocess.run(
            words,
            cwd=self.folder,
            env={
                **_environment(),
                "GIT_CEILING_DIRECTORIES": str(self.folder.parent),
                **(env or {}),
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )


def copied(folder: Path) -> ProjectCopy:
    """Copy the project as it stands here, whether committed or not, into an empty folder."""
    for name in tracked(PROJECT) if (PROJECT / ".git").exists() else _walked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copyfile(PROJECT / name, target)
    if (PROJECT / _BUILT).exists():
        (folder / _BUILT).symlink_to((PROJECT / _BUILT).resolve())
    return ProjectCopy(folder=folder)


def require_git() -> None:
    """Skip where git is missing, or fail where nothing may be."""
    if which("git"):
        return
    if os.environ.get("CI"):
        pytest.fail("This needs git. Debian: apt-get install git")
    pytest.skip("This needs git. Debian: apt-get install git")


def _walked() -> Iterator[str]:
    for where, folders, files in os.walk(PROJECT):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        yield from (str((Path(where) / name).relative_to(PROJECT)) for name in files)


def _environment() -> dict[str, str]:
    """Return the environment without what tells of the tests that run here."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _OF_THE_TESTS and not name.startswith(("PYTEST_", "COV", "GIT_"))
    }
