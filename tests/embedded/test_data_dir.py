"""The data folder: one OpsManager at a time, and a sentence where it cannot be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.errors import AlreadyRunningError, DataFolderError


def test_the_folder_is_dot_data_in_the_project_unless_named(tmp_path: Path) -> None:
    assert DataDir.from_environment({}, project=tmp_path).path == tmp_path / ".data"
    assert DataDir.from_environment(
        {"OPSMANAGER_DATA_DIR": "/srv/ops"}, project=tmp_path
    ).path == Path("/srv/ops")


def test_a_missing_folder_is_created(tmp_path: Path) -> None:
    data = DataDir(path=tmp_path / "a" / "b")
    data.create()
    assert list(data.path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(DataFolderError, match=r"file/data cannot be written .*OPSMANAGER_DATA_DIR"):
        DataDir(path=file / "data").create()


def test_a_second_one_is_told_who_works_in_the_folder(tmp_path: Path) -> None:
    data = DataDir(path=tmp_path)
    lock = data.lock("http://127.0.0.1:8000")
    with pytest.raises(AlreadyRunningError) as refusal:
        data.lock("http://127.0.0.1:9000")
    assert f"already running (pid {os.getpid()}) at http://127.0.0.1:8000" in str(refusal.value)
    lock.release()
    data.lock().release()


def test_a_holder_that_has_died_is_waited_for_while_its_watchdog_tidies_up(tmp_path: Path) -> None:
    data = DataDir(path=tmp_path)
    lock = data.lock()
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / "lock").write_text(f'{{"pid": {dead.pid}, "address": ""}}')
    tidying = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(1)"], pass_fds=[lock.descriptor]
    )
    lock.release()

    data.lock().release()

    assert tidying.wait() == 0


def test_waiting_for_a_dead_holder_has_an_end(tmp_path: Path) -> None:
    data = DataDir(path=tmp_path)
    lock = data.lock()
    (tmp_path / "lock").write_text("not a holder's note")
    with pytest.raises(AlreadyRunningError):
        data.lock(patience=0.2)
    lock.release()


def test_a_holder_of_another_user_counts_as_alive(tmp_path: Path) -> None:
    data = DataDir(path=tmp_path)
    lock = data.lock()
    (tmp_path / "lock").write_text('{"pid": 1, "address": ""}')
    with pytest.raises(AlreadyRunningError, match=r"pid 1\)"):
        data.lock(patience=0.2)
    lock.release()
