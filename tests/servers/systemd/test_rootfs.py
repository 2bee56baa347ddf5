"""The costly root file system is built once, whole, and by one process at a time."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.servers.systemd.errors import MachineError
from tests.servers.systemd.rootfs import build

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.usefixtures("systemd_host")]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Return a recipe that is quick, and notes each time it is followed."""
    script = tmp_path / "recipe.sh"
    script.write_text(f'set -e; echo built >>{tmp_path}/builds; mkdir "$1"; echo 1 >"$1/version"')
    return script


def builds(recipe: Path) -> int:
    """Return how often the recipe was followed."""
    return len(recipe.with_name("builds").read_text().splitlines())


def test_it_is_built_once(recipe: Path, tmp_path: Path) -> None:
    first = build(tmp_path / "cache", recipe)
    second = build(tmp_path / "cache", recipe)

    assert first == second
    assert (first / "version").read_text() == "1\n"
    assert builds(recipe) == 1


def test_a_changed_recipe_is_followed_anew(recipe: Path, tmp_path: Path) -> None:
    old = build(tmp_path / "cache", recipe)
    recipe.write_text(recipe.read_text().replace("echo 1", "echo 2"))
    new = build(tmp_path / "cache", recipe)

    assert (old / "version").read_text() == "1\n"
    assert (new / "version").read_text() == "2\n"


def test_a_broken_off_build_is_begun_anew(recipe: Path, tmp_path: Path) -> None:
    once = f"; test -e {tmp_path}/again || {{ touch {tmp_path}/again; echo it burns; exit 7; }}"
    recipe.write_text(recipe.read_text() + once)

    with pytest.raises(MachineError, match=r"exit code 7(.|\n)*it burns"):
        build(tmp_path / "cache", recipe)
    assert list((tmp_path / "cache" / "systemd").glob("*.building"))

    rootfs = build(tmp_path / "cache", recipe)  # its mkdir would fail in a half-built folder

    assert (rootfs / "version").exists()
    assert builds(recipe) == 2


def test_of_two_processes_one_builds_and_the_other_waits(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(f"{recipe.read_text()}; sleep 1")
    program = (
        "from pathlib import Path\n"
        "from tests.servers.systemd.rootfs import build\n"
        f"print(build(Path({str(tmp_path / 'cache')!r}), Path({str(recipe)!r})))\n"
    )

    def build_in_a_process(_: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[3],
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    with ThreadPoolExecutor() as threads:
        first, second = threads.map(build_in_a_process, range(2))

    assert first == second
    assert builds(recipe) == 1
