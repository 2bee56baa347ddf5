"""`with-services`: a command between a start and a stop."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from opsmanager.embedded import with_services as module
from opsmanager.embedded.__main__ import PROJECT, main
from opsmanager.embedded.postgres_home import discard
from tests.embedded.screen import eventually

CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in ("DATABASE_URL", "REDIS_URL") and not name.startswith(("OPSMANAGER_", "COV_"))
}
USE = """
import os, sys
import psycopg, redis
psycopg.connect(os.environ["DATABASE_URL"]).close()
redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
for name in ("SECRET_KEY", "OPSMANAGER_CREDENTIAL_PUBLIC_KEY", "OPSMANAGER_CREDENTIAL_PRIVATE_KEYS",
             "OPSMANAGER_JWT_PRIVATE_KEY"):
    assert open(os.environ[name + "_FILE"]).read(), name
sys.exit(7)
"""


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ.keys() - CLEAN.keys():
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("clean_environment")
def test_the_command_finds_services_and_its_exit_status_is_passed_on(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    status = main(
        ["with-services", "--fresh", "--data", str(folder), "--", sys.executable, "-c", USE]
    )
    assert status == 7
    assert not folder.exists()


def test_services_that_are_named_are_used(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    command = [sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])"]
    assert main(["with-services", "--fresh", "--data", str(tmp_path), "--", *command]) == 0
    assert capfd.readouterr().out.strip() == os.environ["DATABASE_URL"]


def test_without_a_folder_a_fresh_one_is_made() -> None:
    assert main(["with-services", "--", "true"]) == 0


def test_a_command_ended_by_a_signal_is_told_as_a_shell_does(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"]
    assert main(["with-services", "--data", str(tmp_path), "--", *command]) == 128 + 15


def test_a_fresh_folder_must_be_empty(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "precious").touch()
    assert main(["with-services", "--fresh", "--data", str(tmp_path), "--", "true"]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "precious").exists()


def test_a_command_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["with-services", "--data", str(tmp_path), "--", "/no/such"]) == 1
    assert "/no/such cannot be started: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_command_and_services(tmp_path: Path, number: signal.Signals) -> None:
    # As a terminal does, Ctrl-C goes to the whole process group.
    code = "import pathlib, time; pathlib.Path('ready').touch(); time.sleep(600)"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "opsmanager.embedded", "with-services"),
            *("--data", str(tmp_path / "data"), "--"),
            *("sh", "-c", f'cd {tmp_path} && exec {sys.executable} -c "{code}"'),
        ],
        env=CLEAN,
        cwd=PROJECT,
        start_new_session=True,
        stderr=subprocess.PIPE,
    )
    with process:
        eventually((tmp_path / "ready").exists, "the command")
        started = psutil.Process(process.pid).children(recursive=True)
        assert len(started) >= 4
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    assert process.returncode == 128 + number
    discard(tmp_path / "data")
    _, alive = psutil.wait_procs(started, timeout=60)
    assert not alive


def test_services_named_in_files_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    (tmp_path / "url").write_text(os.environ["DATABASE_URL"] + "\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    command = [sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])"]
    assert main(["with-services", "--data", str(tmp_path / "data"), "--", *command]) == 0
    assert capfd.readouterr().out.strip() == os.environ["DATABASE_URL"]


def test_a_command_that_does_not_end_when_asked_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMMAND_PATIENCE", 0.2)
    stubborn = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", stubborn]
    assert main(["with-services", "--data", str(tmp_path), "--", *command]) == 128 + 9
