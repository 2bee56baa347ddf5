"""The command line: whatever stands in the way is told in a sentence, with a non-zero exit."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from opsmanager.embedded import __main__ as command
from opsmanager.embedded import port as ports
from opsmanager.embedded.__main__ import PROJECT
from opsmanager.embedded.data_dir import DataDir


def refuse(tmp_path: Path, **environment: str) -> str:
    """Start with an environment that cannot work; return what was said."""
    known = {"PATH": os.environ["PATH"], "OPSMANAGER_DATA_DIR": str(tmp_path / "data")}
    ended = subprocess.run(
        [sys.executable, "-m", "opsmanager.embedded", "run"],
        env=known | {"PORT": str(ports.free())} | environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.stderr


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        said = refuse(tmp_path, PORT=str(other.getsockname()[1]))
    assert "is in use by another program" in said


def test_a_port_that_is_none(tmp_path: Path) -> None:
    assert "PORT must be a number" in refuse(tmp_path, PORT="web")


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refuse(tmp_path, OPSMANAGER_DATA_DIR=str(tmp_path / "file" / "data"))
    assert "cannot be written" in said


def test_a_data_folder_in_use(tmp_path: Path) -> None:
    data = DataDir(path=tmp_path / "data")
    data.create()
    lock = data.lock("http://127.0.0.1:8000")
    said = refuse(tmp_path)
    lock.release()
    assert f"already running (pid {os.getpid()}) at http://127.0.0.1:8000" in said


def test_a_database_of_another_kind(tmp_path: Path) -> None:
    assert "does not name a PostgreSQL" in refuse(tmp_path, DATABASE_URL="mysql://host/db")


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    url = f"postgresql://u:hunter2@127.0.0.1:{ports.free()}/db"
    said = refuse(tmp_path, DATABASE_URL=url)
    assert "Connection refused" in said
    assert "hunter2" not in said


def test_an_owner_without_the_role_that_works(tmp_path: Path) -> None:
    said = refuse(tmp_path, DATABASE_OWNER_URL="postgresql://owner:hunter2@db/ops")
    assert "DATABASE_OWNER_URL is set, and DATABASE_URL is not" in said
    assert "hunter2" not in said


def test_an_owner_that_can_not_be_reached_is_named(tmp_path: Path) -> None:
    said = refuse(
        tmp_path,
        DATABASE_URL=os.environ["DATABASE_URL"],
        DATABASE_OWNER_URL=f"postgresql://u:hunter2@127.0.0.1:{ports.free()}/db",
    )
    assert "The PostgreSQL that DATABASE_OWNER_URL names" in said
    assert "hunter2" not in said


def test_a_database_url_in_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read" in refuse(tmp_path, DATABASE_URL_FILE=str(tmp_path / "none"))


def test_a_redis_that_does_not_answer(tmp_path: Path) -> None:
    said = refuse(
        tmp_path,
        DATABASE_URL=os.environ["DATABASE_URL"],
        REDIS_URL=f"redis://127.0.0.1:{ports.free()}",
    )
    assert "The Redis that REDIS_URL names" in said


def test_half_a_key_pair(tmp_path: Path) -> None:
    said = refuse(tmp_path, OPSMANAGER_CREDENTIAL_PUBLIC_KEY="half")
    assert "without its other half" in said


def test_manage_without_a_running_opsmanager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("OPSMANAGER_DATA_DIR", str(tmp_path))
    assert command.main(["manage", "check"]) == 1
    assert "No OpsManager is running" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (OSError(28, "No space left on device", "/data/x"), "No space left on device (/data/x)."),
        (OSError(24, "Too many open files"), "OpsManager cannot go on: Too many open files.\n"),
    ],
)
def test_a_problem_of_the_machine_is_no_stack_trace(
    problem: OSError,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(command, "run", fail)
    assert command.main(["run"]) == 1
    assert says in capsys.readouterr().err


def test_ctrl_c_before_anything_started_is_no_stack_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run", interrupt)
    assert command.main(["run"]) == 130
