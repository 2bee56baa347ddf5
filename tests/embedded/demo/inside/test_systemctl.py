"""The demo servers' systemctl answers as the real one, here on a folder instead of a world.

What starts and stops units is tested in the worlds: it forks, and would fork this process.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from systemctl2 import systemctl as replacement

from opsmanager.embedded.demo.inside import journal, systemctl, unit_record
from opsmanager.embedded.demo.inside.unit_record import UnitRecord

UNIT = """\
[Unit]
Description=Shop
[Service]
Type={kind}
ExecStart=/bin/sleep 600
[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def properties(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.out.splitlines())


Ask = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacement, "_root", str(tmp_path))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(journal, "FOLDER", tmp_path / "var/log/journal")
    monkeypatch.setattr(unit_record, "FOLDER", tmp_path / "run/systemd/units")
    monkeypatch.setattr(unit_record, "STATUS_FOLDER", tmp_path / "run")
    monkeypatch.setattr(unit_record, "UNIT_FOLDER", tmp_path / "etc/systemd/system")
    unit_record.UNIT_FOLDER.mkdir(parents=True)
    unit_record.STATUS_FOLDER.mkdir()
    for name, kind in {"shop": "simple", "once": "oneshot", "other": "simple"}.items():
        (unit_record.UNIT_FOLDER / f"{name}.service").write_text(UNIT.format(kind=kind))


@pytest.fixture
def running() -> Iterator[subprocess.Popen[bytes]]:
    """The main process of the unit shop."""
    process = subprocess.Popen(["/bin/sleep", "600"])
    status(f"MainPID={process.pid}")
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def killed(running: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """The same, killed, and known to be so as the first process makes it known."""
    end(running, -signal.SIGKILL)
    return running


def status(text: str, unit: str = "shop") -> None:
    (unit_record.STATUS_FOLDER / f"{unit}.service.status").write_text(f"{text}\n")


def end(process: subprocess.Popen[bytes], code: int) -> None:
    process.kill()
    process.wait()
    UnitRecord(pid=process.pid, code=code).write("shop.service")


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str]) -> Ask:
    def ask(*words: str) -> Answer:
        code = systemctl.main(list(words))
        shown = capfd.readouterr()
        return Answer(code, shown.out, shown.err)

    return ask


def test_a_unit_that_runs(ask, running):
    shown = ask("show", "shop").properties
    assert (shown["ActiveState"], shown["SubState"], shown["LoadState"]) == (
        "active",
        "running",
        "loaded",
    )
    assert shown["MainPID"] == shown["ExecMainPID"] == str(running.pid)
    assert shown["ActiveEnterTimestamp"].endswith("UTC")
    assert ask("show", "-P", "MainPID", "shop").out == f"{running.pid}\n"
    assert ask("is-active", "shop", "nope") == Answer(0, "active\ninactive\n", "")
    assert ask("is-failed", "shop") == Answer(1, "active\n", "")


def test_a_unit_that_does_not_run(ask):
    assert ask("is-active", "shop") == Answer(3, "inactive\n", "")
    assert ask("is-active", "-q", "shop") == Answer(3, "", "")
    assert ask("status", "shop").code == 3


def test_a_killed_unit_has_failed_until_it_is_reset(ask, killed):
    shown = ask("show", "-p", "ActiveState,SubState,Result", "-p", "ExecMainCode", "shop")
    assert shown.properties == {
        "Result": "signal",
        "ExecMainCode": "2",
        "ActiveState": "failed",
        "SubState": "failed",
    }
    assert ask("is-failed", "shop") == Answer(0, "failed\n", "")
    assert ask("is-failed", "-q", "shop").out == ""
    assert ask("is-system-running") == Answer(1, "degraded\n", "")
    assert ask("list-units", "--failed", "--no-legend").out == (
        "● shop.service loaded failed failed Shop\n"
    )
    answer = ask("status", "shop")
    assert answer.code == 3
    assert "Active: failed (Result: signal)" in answer.out
    assert ask("reset-failed").code == 0
    assert ask("is-failed", "shop").code == 1
    assert ask("is-system-running", "-q") == Answer(0, "", "")


def test_a_unit_that_exits_badly_says_so(ask, running):
    end(running, 3)
    assert ask("show", "-p", "ExecMainCode,ExecMainStatus,Result", "shop").properties == {
        "Result": "exit-code",
        "ExecMainCode": "1",
        "ExecMainStatus": "3",
    }


def test_a_unit_that_waits_for_its_restart(ask):
    UnitRecord(pid=1, code=1, restarts=4, waiting=True).write("shop.service")
    shown = ask("show", "shop").properties
    assert (shown["ActiveState"], shown["SubState"]) == ("activating", "auto-restart")
    assert shown["NRestarts"] == "4"


def test_a_unit_that_ran_once(ask):
    status("ActiveState=active", unit="once")
    shown = ask("show", "once").properties
    assert (shown["ActiveState"], shown["SubState"]) == ("active", "exited")


def test_a_unit_that_does_not_exist(ask):
    shown = ask("show", "nope").properties
    assert (shown["LoadState"], shown["ActiveState"], shown["MainPID"]) == (
        "not-found",
        "inactive",
        "0",
    )
    assert "FragmentPath" not in shown
    assert "FragmentPath" in ask("show", "--all", "nope").properties
    for verb in ("start", "stop", "restart", "reload"):
        assert ask(verb, "nope") == Answer(
            5, "", f"Failed to {verb} nope.service: Unit nope.service not found.\n"
        )
    assert ask("is-active", "nope").code == 4
    assert ask("status", "nope").code == 4
    assert ask("cat", "nope") == Answer(1, "", "No files found for nope.service.\n")
    assert ask("reset-failed", "nope").code == 1
    assert ask("kill", "nope").code == 1
    assert ask("list-unit-files", "nope").code == 1
    assert ask("frobnicate", "nope") == Answer(1, "", "Unknown command verb frobnicate.\n")


def test_kill_sends_the_signal_it_is_told(ask, running):
    for name in ("CONT", "SIGCONT", "18"):
        assert ask("kill", "--signal", name, "shop").code == 0
    assert running.poll() is None
    assert ask("kill", "shop").code == 0
    assert running.wait(60) == -signal.SIGTERM


def test_lists(ask, running):
    assert ask("list-units").out.splitlines() == [
        "  UNIT LOAD ACTIVE SUB DESCRIPTION",
        "  shop.service loaded active running Shop",
        "1 loaded units listed.",
    ]
    assert ask().out == ask("list-units").out
    everything = ask("list-units", "--all", "--plain", "--no-legend").out.splitlines()
    assert [line.split()[0] for line in everything] == [
        "once.service",
        "other.service",
        "shop.service",
    ]
    assert ask("list-units", "--no-legend", "--plain", "nope.service").out == ""
    assert ask("list-unit-files", "s*").out.splitlines() == [
        "UNIT FILE STATE PRESET",
        "shop.service disabled enabled",
        "",
        "1 unit files listed.",
    ]


def test_status_and_cat(ask, running):
    journal.append("shop.service", "Started shop.service - Shop.")
    answer = ask("status", "shop", "-n", "1", "-o", "cat")
    assert answer.code == 0
    assert "Active: active (running) since" in answer.out
    assert "/bin/sleep 600" in answer.out
    assert answer.out.endswith("Started shop.service - Shop.\n")
    assert ask("cat", "shop").out.endswith("[Install]\nWantedBy=multi-user.target\n")
    both = ask("show", "-p", "Id", "shop", "once.service").out
    assert both == "Id=shop.service\n\nId=once.service\n"


def test_what_systemctl_knows_of_the_caller_is_forgotten(ask):
    os.environ["OPSM_STEP"] = "mark"
    ask("list-units")
    assert sorted(os.environ) == ["LANG", "PATH"]
