"""Where PostgreSQL's programs and data lie, also where its account cannot go."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsmanager.embedded import postgres_home
from opsmanager.embedded.errors import ServiceError
from opsmanager.embedded.postgres_home import discard, locate

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes its account")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # pytest's own folders let nobody else in, and this one is there for others.
    shared = Path(tempfile.mkdtemp(prefix="opsmanager-shared-"))
    shared.chmod(0o755)
    monkeypatch.setattr(postgres_home, "SHARED", shared)
    yield shared
    shutil.rmtree(shared)


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A data folder that only its owner may enter."""
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.mark.skipif(os.geteuid() == 0, reason="is for ordinary users")
def test_an_ordinary_users_data_lie_in_the_data_folder(tmp_path: Path) -> None:
    home = locate(tmp_path)
    assert home.cluster == tmp_path / "postgres"
    assert home.account is None
    assert not home.is_outside


@as_root
def test_data_its_account_cannot_reach_lie_outside_with_a_link(private: Path, shared: Path) -> None:
    home = locate(private)
    assert home.is_outside
    assert home.cluster.parent.parent == shared
    assert (private / "postgres").is_symlink()
    assert locate(private) == home

    discard(private)
    assert not home.cluster.parent.exists()


@as_root
def test_programs_its_account_cannot_reach_are_copied_once(
    private: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = postgres_home._installed()
    site_packages = installed.parents[2]
    for name in (installed.parents[1].name, f"{installed.parents[1].name}.libs"):
        shutil.copytree(site_packages / name, private / name, symlinks=True)
    hidden = private / installed.relative_to(site_packages)
    monkeypatch.setattr(postgres_home, "_installed", lambda: hidden)

    programs = locate(private).programs

    assert shared in programs.parents
    assert locate(private).programs == programs
    account = locate(private).account
    assert account is not None
    for program in ("initdb", "postgres"):
        subprocess.run([programs / program, "--version"], user=account.uid, check=True)
    assert len(list(shared.glob("postgresql-*"))) == 1
    assert not list(shared.glob("draft-*"))


@as_root
def test_no_place_at_all_is_explained(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (private / "file").touch()
    monkeypatch.setattr(postgres_home, "SHARED", private / "file" / "below")
    with pytest.raises(ServiceError, match="from a folder that everybody may enter"):
        locate(private)


def test_discarding_a_folder_without_a_link_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    discard(tmp_path)
    assert (tmp_path / "postgres").exists()


@pytest.mark.parametrize("found", [None, "elsewhere"])
def test_missing_programs_are_explained(
    found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Spec:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr(
        postgres_home.importlib.util, "find_spec", lambda _: Spec if found else None
    )
    with pytest.raises(ServiceError, match="set DATABASE_URL to a PostgreSQL of your own"):
        locate(tmp_path)
