"""The account PostgreSQL runs as where we are root."""

import os
from pathlib import Path

import pytest

from opsmanager.embedded.account import Account, unprivileged

SOMEBODY = Account(name="somebody", uid=os.geteuid() + 12345, gid=os.getegid() + 12345)


def test_a_private_folder_on_the_way_keeps_others_out(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    tmp_path.chmod(0o700)
    assert not SOMEBODY.can_enter(inner)
    ourselves = Account(name="me", uid=os.geteuid(), gid=os.getegid())
    assert ourselves._may(tmp_path, 0o100)


def test_a_groups_folder_lets_its_group_in(tmp_path: Path) -> None:
    tmp_path.chmod(0o710)
    member = Account(name="member", uid=SOMEBODY.uid, gid=tmp_path.stat().st_gid)
    assert member._may(tmp_path, 0o100)
    assert not SOMEBODY._may(tmp_path, 0o100)


def test_everybody_may_enter_the_root() -> None:
    assert SOMEBODY.can_enter(Path("/"))


@pytest.mark.skipif(os.geteuid() == 0, reason="is for ordinary users")
def test_an_ordinary_user_runs_everything_itself(tmp_path: Path) -> None:
    assert unprivileged(tmp_path) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="is for root")
def test_the_owner_of_the_data_keeps_them(tmp_path: Path) -> None:
    account = unprivileged(tmp_path)
    assert account is not None
    assert account.uid != 0
    os.chown(tmp_path, 2, 2)
    owner = unprivileged(tmp_path)
    assert owner is not None
    assert owner.uid == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="is for root")
def test_a_machine_without_such_an_account_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsmanager.embedded.account.CANDIDATES", ("no-such-user",))
    with pytest.raises(Exception, match="Start OpsManager as an ordinary user"):
        unprivileged(tmp_path)
