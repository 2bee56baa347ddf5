"""The shell text that is sent to servers."""

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from servers.ssh import script

ID = UUID(int=7)
SHELLS = [
    words
    for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"])
    if shutil.which(words[0]) is not None
]


def test_comments_and_blank_lines_stay_at_home() -> None:
    lines = script.load("run").splitlines()
    assert lines
    assert not [line for line in lines if not line or line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", ["run", "end", "probe", "record", "prune", "contents", "shared"])
@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
def test_every_shell_can_read_every_script(shell: list[str], name: str) -> None:
    subprocess.run([*shell, "-n", "-c", script.load(name)], check=True)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
def test_a_script_that_is_cut_short_runs_nothing(shell: list[str]) -> None:
    whole = script.wrap("echo RAN", action_id=ID, stdin="text")
    for length in range(0, len(whole) - 2, 7):
        done = subprocess.run(shell, input=whole[:length], capture_output=True, check=False)
        assert done.stdout == b"", whole[:length]
    assert b"RAN" in subprocess.run(shell, input=whole, capture_output=True, check=True).stdout


@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
def test_a_recorded_command_runs_where_nobody_hears_its_first_word(
    shell: list[str], tmp_path: Path
) -> None:
    """The connection may break after the record is made: it is not to be one without an end."""
    text = f"echo ran >{tmp_path}/ran"
    unheard, gone = os.pipe()
    os.close(unheard)
    with os.fdopen(gone, "wb") as broken:
        subprocess.run(
            shell,
            input=script.wrap(text, action_id=ID, recorded=True),
            stdout=broken,
            stderr=broken,
            env={**os.environ, "HOME": str(tmp_path)},
            restore_signals=True,
            check=False,
        )
    assert (tmp_path / ".opsm" / str(ID) / "rc").read_text() == "0\n"
    assert (tmp_path / "ran").read_text() == "ran\n"


@pytest.fixture
def mark() -> str:
    """Of one test's processes alone: tests run side by side."""
    return str(uuid4())


@pytest.fixture
def stubborn(mark: str) -> Iterator[subprocess.Popen[bytes]]:
    """A session of processes that ignore TERM, with a leader that waits for them."""
    text = "trap : TERM; sh -c 'trap \"\" TERM; sleep 301 & sleep 302; wait'; exit 3"
    leader = subprocess.Popen(
        ["sh", "-c", text],
        start_new_session=True,
        env={**os.environ, "OPSM_STEP": mark},
    )
    yield leader
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()


@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("known_by", ["session", "mark"])
def test_every_shell_ends_a_stubborn_command(
    shell: list[str], known_by: str, stubborn: subprocess.Popen[bytes], mark: str
) -> None:
    session = str(stubborn.pid) if known_by == "session" else "0"
    known_mark = mark if known_by == "mark" else str(uuid4())
    words = [*shell, "-c", script.load("end"), "end", session, known_mark, "1"]
    # A process of ours that nobody has waited for would count as dead, as it does for init.
    waiter = threading.Thread(target=stubborn.wait)
    waiter.start()
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    waiter.join()
    assert (done.stdout, done.stderr) == ("ended\n", "")
    # The leader was given the time to tell how its command ended.
    assert stubborn.returncode in ((3,) if known_by == "session" else (3, -9))


@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("recorded", [True, False])
def test_every_shell_runs_and_records(shell: list[str], recorded: bool, tmp_path: Path) -> None:
    whole = script.wrap(
        "cat; echo err >&2; exit 3", action_id=ID, stdin="two\nlines", recorded=recorded, limit=60
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        shell, input=whole, capture_output=True, check=False, env=environment,
        start_new_session=True,
    )  # fmt: skip
    announced, _, output = done.stdout.partition(b"\n")
    assert re.fullmatch(rb"opsm:%b:[1-9]\d*" % str(ID).encode(), announced)
    assert done.stderr == announced + b"\nerr\n"
    assert (output, done.returncode) == (b"two\nlines", 3)
    reading = [*shell, "-c", script.load("record"), "record", str(ID)]
    told = subprocess.run(reading, check=True, capture_output=True, text=True, env=environment)
    assert told.stdout == ("ended 3\n" if recorded else "not-started\n")


@pytest.mark.parametrize("values", [{"text": "echo \0"}, {"text": "cat", "stdin": "\0"}])
def test_nul_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="NUL"):
        script.wrap(values.pop("text"), action_id=ID, **values)


def test_undecodable_bytes_come_out_as_they_went_in() -> None:
    text = b"cat /tmp/\xff\xfe".decode("utf-8", "surrogateescape")
    assert b"cat /tmp/\xff\xfe" in script.wrap(text, action_id=ID)
