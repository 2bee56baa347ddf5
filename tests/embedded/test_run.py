"""`make run`, whole: from an empty folder to a page with a login, and back to nothing."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from opsmanager.embedded import port as ports
from opsmanager.embedded.__main__ import PROJECT
from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.environment import recall
from opsmanager.embedded.postgres_home import discard
from opsmanager.embedded.run import run
from opsmanager.embedded.secrets import PRIVATE_KEYS
from opsmanager.embedded.terminal import Terminal
from tests.embedded.processes import lives
from tests.embedded.screen import Screen, eventually

# Several Django processes at once, on a machine that may have other things to do.
PATIENCE = 300.0
# What it takes where nothing else runs is less than 10 s; tests/embedded/test_plan.py adds it up.
STOP_PATIENCE = 30.0
READY = "OpsManager is ready"


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    yield {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "OPSMANAGER_DATA_DIR": str(tmp_path / "data"),
        "PORT": str(ports.free()),
    }
    discard(tmp_path / "data")


def alongside(environ: dict[str, str], screen: Screen, work: Callable[[], None]) -> float:
    """Run OpsManager here, do `work` once it is ready, press Ctrl-C.

    Returns the seconds from Ctrl-C to the end.
    """
    problems: list[BaseException] = []
    pressed: list[float] = []

    def visit() -> None:
        try:
            screen.wait_for(READY, patience=PATIENCE)
            work()
        except BaseException as problem:  # noqa: BLE001  (raised again below, in the test's thread)
            problems.append(problem)
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    visitor = threading.Thread(target=visit)
    visitor.start()
    run(environ, project=PROJECT, terminal=Terminal(screen))
    ended = time.monotonic()
    visitor.join()
    if problems:
        pytest.fail(f"{problems[0]!r}\n{screen.getvalue()}")
    return ended - pressed[0]


def ask(environ: dict[str, str], method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", int(environ["PORT"]), timeout=60)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    status, content = answer.status, answer.read()
    connection.close()
    return status, content


def running(name: str, among: set[psutil.Process]) -> psutil.Process:
    """The process whose command line has the word `name`; other tests have alike ones."""
    return next(
        process
        for process in psutil.Process().children()
        if process in among and name in process.cmdline()
    )


def test_one_command_brings_everything_up_and_ctrl_c_takes_all_down(
    environ: dict[str, str], screen: Screen
) -> None:
    before = set(psutil.Process().children(recursive=True))
    seen: set[psutil.Process] = set()

    def work() -> None:
        seen.update(set(psutil.Process().children(recursive=True)) - before)
        status, page = ask(environ, "GET", "/login/")
        assert status == 200, page
        password = screen.getvalue().partition("password: ")[2].split()[0]
        login = {"username": "admin", "password": password}
        assert ask(environ, "POST", "/api/v1/auth/token", login)[0] == 200

        web = running("granian", seen)
        assert not any(PRIVATE_KEYS in name for name in web.environ())
        assert f"{PRIVATE_KEYS}_FILE" in running("worker@%h", seen).environ()
        demo = running("opsmanager.embedded.demo", seen).environ()
        assert not {"DATABASE_URL", "SECRET_KEY_FILE"} & demo.keys()

        # A second terminal works on it.
        environment = recall(DataDir(path=Path(environ["OPSMANAGER_DATA_DIR"])))
        assert not any(PRIVATE_KEYS in name for name in environment)
        listed = subprocess.run(
            [sys.executable, "manage.py", "runbook", "list"],
            env=environ | environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "SERVICE_RESTART" in listed.stdout

        web.kill()
        screen.wait_for("web died (killed by signal 9)")
        eventually(lambda: answers(environ), "the web again")
        seen.update(set(psutil.Process().children(recursive=True)) - before)

    assert alongside(environ, screen, work) < STOP_PATIENCE
    assert len(seen) >= 8
    assert not [process for process in seen if lives(process)]


def test_the_next_start_after_a_kill_of_everything_has_the_data(
    environ: dict[str, str], screen: Screen, tmp_path: Path
) -> None:
    environ = environ | {"DEMO": "0", "OPSMANAGER_ADMIN_PASSWORD": "correct horse battery"}
    with (tmp_path / "first").open("w") as output:
        first = subprocess.Popen(
            [sys.executable, "-m", "opsmanager.embedded", "run"],
            env=environ,
            cwd=PROJECT,
            stdout=output,
        )
    eventually(lambda: READY in (tmp_path / "first").read_text(), READY, patience=PATIENCE)
    started = psutil.Process(first.pid).children(recursive=True)
    for process in (psutil.Process(first.pid), *started):
        process.kill()
    first.wait()
    psutil.wait_procs(started, timeout=PATIENCE)
    secrets = {file.name: file.read_text() for file in (tmp_path / "data/secrets").iterdir()}

    def work() -> None:
        assert "the last run was killed: PostgreSQL recovers its data" in screen.getvalue()
        assert "The user admin exists." in screen.getvalue()
        login = {"username": "admin", "password": "correct horse battery"}
        assert ask(environ, "POST", "/api/v1/auth/token", login)[0] == 200

    alongside(environ, screen, work)
    assert "demo" not in screen.getvalue()
    kept = {file.name: file.read_text() for file in (tmp_path / "data/secrets").iterdir()}
    assert kept == secrets


def answers(environ: dict[str, str]) -> bool:
    try:
        return ask(environ, "GET", "/healthz")[0] == 200
    except OSError:
        return False
