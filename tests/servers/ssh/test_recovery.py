"""How a command ended that another connection sent, as the server's record tells it."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from servers.ssh.ending import Outcome
from servers.ssh.errors import (
    ChannelLost,
    CommandStopped,
    CommandTimedOut,
    EndUnknown,
    NotStarted,
)
from servers.ssh.pool import Pool
from servers.ssh.recovery import recover
from servers.ssh.session import RemoteCommand, Session
from tests.servers.ssh.conftest import Result, command, run, wait_until
from tests.servers.ssh.openssh import Sshd, carriers

pytestmark = pytest.mark.sshd


def recovered(
    session: Session, wanted: RemoteCommand, *, stop: Callable[[], str | None] = lambda: None
) -> Result:
    result = Result()
    result.exit_code = recover(session, wanted, on_output=result.take, stop=stop)
    return result


def name_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


@pytest.fixture
def left(sshd: Sshd, pool: Pool) -> Callable[[RemoteCommand], None]:
    """Begins a command on a connection of its own, and cuts that as soon as it runs."""

    def leave(wanted: RemoteCommand) -> None:
        def send() -> None:
            with pool.session(sshd.target()) as session, pytest.raises(ChannelLost):
                run(session, wanted)

        thread = threading.Thread(target=send)
        thread.start()
        # The wrapper's own programs carry the mark, too: what is waited for is the command.
        wait_until(lambda: "sleep" in map(name_of, carriers(f"OPSM_STEP={wanted.action_id}")))
        sshd.signal_connections(9)
        thread.join(60)

    return leave


def test_what_was_never_begun_may_be_sent(session: Session) -> None:
    with pytest.raises(NotStarted):
        recovered(session, command("true", recorded=True, action_id=uuid4()))


def test_its_end_and_its_output_are_told(session: Session) -> None:
    wanted = command("echo out; echo err >&2; exit 7", recorded=True)
    run(session, wanted)
    told = recovered(session, wanted)
    assert (told.exit_code, bytes(told.stdout), bytes(told.stderr)) == (7, b"out\n", b"err\n")


def test_of_long_output_the_beginning_is_told(session: Session) -> None:
    wanted = command("yes | head -c 5000000", recorded=True)
    assert len(run(session, wanted).stdout) == 5_000_000
    told = recovered(session, wanted)
    assert told.exit_code == 0
    assert 500_000 < len(told.stdout) <= 2_100_000
    assert told.stdout.startswith(b"y\ny\n")


def test_one_that_still_runs_is_waited_for(
    sshd: Sshd, pool: Pool, left: Callable[[RemoteCommand], None]
) -> None:
    gate = sshd.folder / "go"
    wanted = command(
        f"while [ ! -e {gate} ]; do sleep 0.1; done; echo heard; exit 3", recorded=True
    )
    left(wanted)
    asked: list[int] = []

    def stop() -> str | None:
        asked.append(1)
        gate.touch()
        return None

    with pool.session(sshd.target()) as session:
        told = recovered(session, wanted, stop=stop)
    assert asked
    assert (told.exit_code, bytes(told.stdout)) == (3, b"heard\n")


def test_one_that_is_to_stop_is_ended(
    sshd: Sshd, pool: Pool, left: Callable[[RemoteCommand], None]
) -> None:
    wanted = command("sleep 600", recorded=True, kill_after=2)
    left(wanted)
    with pool.session(sshd.target()) as session, pytest.raises(CommandStopped) as stopped:
        recovered(session, wanted, stop=lambda: "CANCELLED")
    assert stopped.value.reason == "CANCELLED"
    assert stopped.value.ending.outcome is Outcome.STOPPED
    assert carriers(f"OPSM_STEP={wanted.action_id}") == []


def test_one_that_takes_too_long_is_ended(
    sshd: Sshd, pool: Pool, left: Callable[[RemoteCommand], None]
) -> None:
    wanted = command("sleep 600", recorded=True, kill_after=2, timeout=1)
    left(wanted)
    with pool.session(sshd.target()) as session, pytest.raises(CommandTimedOut) as late:
        recovered(session, wanted)
    assert late.value.ending.outcome is Outcome.STOPPED
    assert carriers(f"OPSM_STEP={wanted.action_id}") == []


def test_a_record_without_an_end_is_no_end(session: Session, sshd: Sshd) -> None:
    wanted = command("true", recorded=True)
    run(session, wanted)
    record = sshd.home / ".opsm" / str(wanted.action_id)
    (record / "rc").unlink()
    (record / "sid").write_text("1 1 another-boot\n")
    with pytest.raises(EndUnknown, match="by a reboot for instance"):
        recovered(session, wanted)
