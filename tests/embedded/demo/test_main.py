"""The command line of the demo servers, here in this process."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from opsmanager.embedded.demo import __main__ as command
from tests.embedded.demo.demo import eventually

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _this_process_stays_itself(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(command.libc, "die_with_parent", lambda number: None)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_runs_until_a_signal(folder, capsys):
    def interrupt() -> None:
        eventually((folder / "servers.json").exists)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert command.main(["--data", str(folder)], {command.UNCONTAINED: "1"}) == 0
    thread.join()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "NOT CONTAINED: OPSMANAGER_DEMO_UNCONTAINED is set."
    assert sum("(reading only)" in line for line in lines) == 3
    assert not (folder / "servers.json").exists()


def test_a_folder_that_cannot_be_used_is_said_in_a_sentence(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert command.main(["--data", str(tmp_path / "file/data")], {}) == 1
    assert capsys.readouterr().out.startswith("The demo servers cannot be started: ")


def test_without_a_folder_nothing_starts(capsys):
    with pytest.raises(SystemExit):
        command.main([], {})
    assert "--data" in capsys.readouterr().err
