"""The first process knows how units ended and starts again those that want it."""

import signal
from pathlib import Path

import pytest

from opsmanager.embedded.demo.inside import journal, unit_record
from opsmanager.embedded.demo.inside.supervision import Supervisor
from opsmanager.embedded.demo.inside.unit_record import Job, UnitRecord


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(journal, "FOLDER", tmp_path / "journal")
    monkeypatch.setattr(unit_record, "FOLDER", tmp_path / "units")
    monkeypatch.setattr(unit_record, "STATUS_FOLDER", tmp_path)
    monkeypatch.setattr(unit_record, "UNIT_FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def started() -> list[str]:
    return []


@pytest.fixture
def supervisor(started: list[str]) -> Supervisor:
    return Supervisor(start=started.append)


def running(folders: Path, pid: int, service: str = "") -> None:
    (folders / "shop.service.status").write_text(f"ActiveState=active\nMainPID={pid}\n")
    (folders / "shop.service").write_text(f"[Service]\nExecStart=/bin/true\n{service}")


def texts() -> list[str]:
    return [entry.text for entry in journal.read("shop.service")]


def test_a_killed_main_process_is_a_failure(folders, supervisor, started):
    running(folders, 41)
    supervisor.note_end(41, -signal.SIGKILL)
    record = UnitRecord.read("shop.service")
    assert (record.failed, record.result, record.pid) == (True, "signal", 41)
    assert texts() == [
        "shop.service: Main process exited, code=killed, status=9/KILL",
        "shop.service: Failed with result 'signal'.",
    ]
    supervisor.look()
    assert started == []


@pytest.mark.parametrize("code", [0, -signal.SIGTERM, -signal.SIGHUP])
def test_an_orderly_end_leaves_the_unit_inactive(folders, supervisor, code):
    running(folders, 41)
    supervisor.note_end(41, code)
    assert UnitRecord.read("shop.service").result == "success"
    assert not (folders / "shop.service.status").exists()


def test_other_processes_and_units_being_stopped_are_none_of_its_business(folders, supervisor):
    running(folders, 41)
    supervisor.note_end(4, 1)
    supervisor.note_end(411, 1)
    with Job("shop.service"):
        supervisor.note_end(41, -signal.SIGKILL)
    assert UnitRecord.read("shop.service") == UnitRecord()
    assert texts() == []


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [
        ("on-failure", 1, True),
        ("on-failure", 0, False),
        ("always", 0, True),
        ("no", 1, False),
    ],
)
def test_the_unit_file_says_whether_it_is_started_again(
    folders, supervisor, started, policy, code, again
):
    running(folders, 41, f"Restart={policy}\nRestartSec=0\n")
    supervisor.note_end(41, code)
    supervisor.look()
    supervisor.look()
    assert started == (["shop.service"] if again else [])
    record = UnitRecord.read("shop.service")
    assert (record.waiting, record.restarts) == (again, int(again))


def test_a_restart_waits_its_time_and_can_be_called_off(folders, supervisor, started):
    running(folders, 41, "Restart=always\nRestartSec=600s\n")
    supervisor.note_end(41, 1)
    supervisor.look()
    assert started == []
    running(folders, 42, "Restart=always\nRestartSec=0\n")
    supervisor.note_end(42, 1)
    unit_record.forget("shop.service")
    supervisor.look()
    assert started == []


def test_endings_read_as_systemds():
    assert UnitRecord(code=3).ending == "code=exited, status=3/FAILURE"
    assert UnitRecord(code=0).ending == "code=exited, status=0/SUCCESS"
    assert UnitRecord(code=3).result == "exit-code"


def test_a_broken_record_is_no_record(folders):
    (folders / "units").mkdir()
    (folders / "units/shop.service.json").write_text("{")
    assert UnitRecord.read("shop.service") == UnitRecord()
