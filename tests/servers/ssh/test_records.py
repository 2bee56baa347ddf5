"""The server's own record of changing commands tells the truth to whoever asks later."""

import os
import signal
import threading
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from servers.ssh.errors import ChannelLost
from servers.ssh.pool import Pool
from servers.ssh.records import Record, RecordState, prune_records, read_record
from servers.ssh.session import RemoteCommand, Session
from tests.servers.ssh.conftest import command, run, wait_until
from tests.servers.ssh.openssh import Sshd, carriers

pytestmark = pytest.mark.sshd


def test_an_action_that_was_never_sent(session: Session) -> None:
    assert read_record(session, uuid4()) == Record(state=RecordState.NOT_STARTED)


@pytest.mark.parametrize("text", ["exit 0", "exit 3", "kill -s KILL $$"])
def test_an_ended_action(session: Session, text: str) -> None:
    wanted = command(text, recorded=True)
    code = run(session, wanted).exit_code
    assert read_record(session, wanted.action_id) == Record(state=RecordState.ENDED, exit_code=code)


def test_an_unrecorded_command_leaves_nothing(session: Session, sshd: Sshd) -> None:
    run(session, "true")
    assert not (sshd.home / ".opsm").exists()


def _cut_when_running(sshd: Sshd, wanted: RemoteCommand) -> None:
    wait_until(lambda: carriers(str(wanted.action_id)))
    time.sleep(0.5)
    sshd.signal_connections(signal.SIGKILL)


def test_a_command_lives_on_when_the_connection_is_cut_and_tells_its_end(
    sshd: Sshd, pool: Pool
) -> None:
    release = sshd.folder / "release"
    wanted = command(
        f"while [ ! -e {release} ]; do sleep 0.1; done; exit 7", recorded=True, timeout=100
    )
    cut = threading.Thread(target=_cut_when_running, args=(sshd, wanted))
    cut.start()
    with pool.session(sshd.target()) as session, pytest.raises(ChannelLost):
        run(session, wanted)
    cut.join()
    with pool.session(sshd.target()) as session:
        running = read_record(session, wanted.action_id)
        assert running.state is RecordState.RUNNING
        assert Path(f"/proc/{running.session_id}").exists()
        release.touch()
        wait_until(lambda: read_record(session, wanted.action_id).state is RecordState.ENDED)
        assert read_record(session, wanted.action_id).exit_code == 7


def test_a_command_that_talks_to_nobody_comes_to_its_true_end(sshd: Sshd, pool: Pool) -> None:
    release = sshd.folder / "release"
    wait = f"while [ ! -e {release} ]; do echo waiting; sleep 0.1; done"
    wanted = command(f"{wait}; seq 200000; seq 200000 >&2; exit 7", recorded=True, timeout=100)
    cut = threading.Thread(target=_cut_when_running, args=(sshd, wanted))
    cut.start()
    with pool.session(sshd.target()) as session, pytest.raises(ChannelLost):
        run(session, wanted)
    cut.join()
    time.sleep(1)
    release.touch()
    with pool.session(sshd.target()) as session:
        wait_until(lambda: read_record(session, wanted.action_id).state is RecordState.ENDED)
        assert read_record(session, wanted.action_id).exit_code == 7
    wait_until(lambda: not carriers(str(wanted.action_id)))


class TestLost:
    """A record without an end, of a command that is not running."""

    @pytest.fixture
    def started(self, session: Session, sshd: Sshd) -> Path:
        leader = "read -r stat </proc/$$/stat; set -- ${stat##*) }"
        wanted = command(f"{leader}; kill -s KILL $4; sleep 0.3", recorded=True)
        with pytest.raises(ChannelLost):
            run(session, wanted)
        folder = sshd.home / ".opsm" / str(wanted.action_id)
        wait_until(lambda: not carriers(str(wanted.action_id)))
        return folder

    def state(self, session: Session, folder: Path) -> RecordState:
        return read_record(session, UUID(folder.name)).state

    def test_its_shell_was_killed(self, session: Session, started: Path) -> None:
        assert self.state(session, started) is RecordState.LOST

    def test_the_server_was_rebooted_and_the_pid_is_another_process(
        self, session: Session, started: Path
    ) -> None:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        fields = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(") ")[2].split()
        (started / "sid").write_text(f"{os.getpid()} {fields[19]} {boot}\n")
        assert self.state(session, started) is RecordState.RUNNING
        (started / "sid").write_text(f"{os.getpid()} {fields[19]} another-boot\n")
        assert self.state(session, started) is RecordState.LOST
        (started / "sid").write_text(f"{os.getpid()} 1 {boot}\n")
        assert self.state(session, started) is RecordState.LOST

    def test_it_never_came_to_its_first_line(self, session: Session, started: Path) -> None:
        (started / "sid").unlink()
        assert self.state(session, started) is RecordState.LOST

    def test_an_exit_code_that_was_not_written_to_the_end_is_none(
        self, session: Session, started: Path
    ) -> None:
        (started / "rc").write_text("1")
        assert self.state(session, started) is RecordState.LOST
        (started / "rc").write_text("17\n")
        assert self.state(session, started) is RecordState.ENDED


class TestPruning:
    def test_old_records_go_and_nothing_else_does(self, session: Session, sshd: Sshd) -> None:
        old, young = command("true", recorded=True), command("true", recorded=True)
        run(session, old)
        run(session, young)
        kept = sshd.home / ".opsm"
        (kept / "notes").mkdir()
        week_ago = time.time() - 9 * 86400
        for name in (str(old.action_id), "notes"):
            os.utime(kept / name, (week_ago, week_ago))
        assert prune_records(session) == 1
        assert {path.name for path in kept.iterdir()} == {str(young.action_id), "notes"}
        assert prune_records(session) == 0

    def test_without_records_there_is_nothing_to_prune(self, session: Session) -> None:
        assert prune_records(session, older_than_days=1) == 0
