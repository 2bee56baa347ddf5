"""A runbook on a real sshd: the fixture that authors of runbooks use in their own tests."""

import getpass
import os
import time
from pathlib import Path

import pytest

from automation.engine import Assessment, Category, Run, Runbook, Shell, step
from automation.engine.errors import ParametersInvalid
from automation.engine.params import Param
from automation.engine.registry import Registry
from automation.engine.results import ActionStatus, CancelOutcome, ErrorCode, Status, Verdict
from automation.engine.testing import UnexpectedCommand, http_reply
from automation.testing.real_server import RealServer

pytest_plugins = ("automation.testing.plugin",)
pytestmark = pytest.mark.sshd

SAMPLES = Registry()


class MakeFile(Runbook, registry=SAMPLES):
    """Make a file in the home directory.

    Use it in tests.
    """

    id = "MAKE_FILE"
    title = "Make a file"
    category = Category.MAINTENANCE

    name: str = Param(help="Name of the file")

    def assess(self, run: Run) -> Assessment:
        return Assessment(healthy=run.read("test", "-e", self.name).exit_code == 0)

    @step("Look")
    def look(self, run: Run) -> None:
        run.data["before"] = ("tuple", run.read("pwd").stdout.strip())

    @step("Make it")
    def make(self, run: Run) -> None:
        run.change("touch", "--", self.name)
        run.sleep(0.2)

    @make.undo
    def remove(self, run: Run) -> None:
        run.result["before"] = run.data["before"]
        run.change("rm", "--", self.name)


class Linger(Runbook, registry=SAMPLES):
    """Run for a long time.

    Use it in tests.
    """

    id = "LINGER"
    title = "Linger"
    changes = False

    @step("Linger")
    def linger(self, run: Run) -> None:
        run.read(Shell("echo begun; sleep 600 & sleep 600"))


class Wait(Runbook, registry=SAMPLES):
    """Wait for a long time.

    Use it in tests.
    """

    id = "WAIT"
    title = "Wait"
    changes = False

    @step("Wait")
    def wait(self, run: Run) -> None:
        run.sleep(600)


def test_a_runbook_runs_on_a_real_server(real_server: RealServer) -> None:
    began = time.monotonic()
    done = real_server.run(MakeFile, {"name": "a file"})

    assert done.outcome.status is Status.SUCCESS, done.outcome
    assert done.outcome.verdict is Verdict.FIXED
    assert (real_server.home / "a file").exists()
    assert done.steps == ["0/2 Assess before", "1/2 Look", "2/2 Make it", "3/2 Assess after"]
    assert done.commands == ["test -e 'a file'", "pwd", "touch -- 'a file'", "test -e 'a file'"]
    assert [row.stdout for row in done.log if row.text == "pwd"] == [f"{real_server.home}\n"]
    assert done.slept == [0.2]
    assert time.monotonic() - began >= 0.2


def test_its_record_is_kept_in_the_servers_own_home(real_server: RealServer) -> None:
    done = real_server.run(MakeFile, {"name": "file"})

    [change] = [row for row in done.log if row.action.changes]
    assert [path.name for path in (real_server.home / ".opsm").iterdir()] == [str(change.action.id)]


def test_a_dry_run_changes_nothing(real_server: RealServer) -> None:
    done = real_server.dry_run(MakeFile, {"name": "file"})

    assert done.outcome.status is Status.SUCCESS
    assert done.planned == ["touch -- file"]
    assert done.commands == ["test -e file", "pwd"]
    assert list(real_server.home.iterdir()) == []


def test_a_rollback_finds_what_json_keeps_of_the_data(real_server: RealServer) -> None:
    done = real_server.run(MakeFile, {"name": "file"})

    undone = real_server.roll_back(MakeFile, {"name": "file"}, done)

    assert undone.outcome.status is Status.ROLLED_BACK, undone.outcome
    assert undone.commands == ["rm -- file"]
    assert undone.outcome.result == {"before": ["tuple", str(real_server.home)]}
    assert not (real_server.home / "file").exists()


def test_a_command_that_fails_is_an_outcome(real_server: RealServer) -> None:
    done = real_server.run(MakeFile, {"name": "no/such/folder"})

    assert done.outcome.status is Status.FAILED
    assert done.outcome.error_code is ErrorCode.COMMAND_FAILED
    assert "No such file or directory" in done.outcome.error_message


def test_out_of_time_the_command_is_ended_on_the_server(real_server: RealServer) -> None:
    done = real_server.run(Linger, {}, timeout=3)

    assert done.outcome.status is Status.TIMEOUT, done.outcome
    assert done.outcome.cancel_outcome is CancelOutcome.STOPPED
    assert [row.stdout for row in done.log] == ["begun\n"]


def test_out_of_time_a_wait_ends(real_server: RealServer) -> None:
    began = time.monotonic()
    done = real_server.run(Wait, {}, timeout=0.5)

    assert done.outcome.status is Status.TIMEOUT
    assert [row.status for row in done.log] == [ActionStatus.TIMEOUT]
    assert time.monotonic() - began < 300


class Announce(Runbook, registry=SAMPLES):
    """Tell a web API where it runs.

    Use it in tests.
    """

    id = "ANNOUNCE"
    title = "Announce"
    irreversible = "What was said was said."

    @step("Announce")
    def announce(self, run: Run) -> None:
        user = run.read("id", "-u").stdout.strip()
        run.result.update(run.http("POST", "https://chat.example.org/api", json=user).json())


def test_http_calls_are_answered_as_in_a_rehearsal(real_server: RealServer) -> None:
    http = {"POST https://chat.example.org/api": http_reply(json={"id": 7})}
    done = real_server.run(Announce, {}, http=http)

    assert done.outcome.status is Status.SUCCESS, done.outcome
    assert done.outcome.result == {"id": 7}
    assert [request.method for request in done.requests] == ["POST"]
    assert done.commands == ["id -u"]


def test_an_http_call_without_a_reply_is_named_and_goes_nowhere(real_server: RealServer) -> None:
    with pytest.raises(UnexpectedCommand, match="No reply for: POST https"):
        real_server.run(Announce, {})


def test_parameters_that_are_none_are_refused(real_server: RealServer) -> None:
    with pytest.raises(ParametersInvalid):
        real_server.run(MakeFile, {"nome": "file"})


def test_two_servers_are_apart(real_server: RealServer, tmp_path: Path) -> None:
    with RealServer(tmp_path) as other:
        other.run(MakeFile, {"name": "file"})

        assert (other.home / "file").exists()
        assert not (real_server.home / "file").exists()


def test_the_login_is_the_current_user(real_server: RealServer) -> None:
    class Ask(Runbook, registry=Registry()):
        """Ask who it is.

        Use it in tests.
        """

        id = "ASK"
        title = "Ask"
        changes = False

        @step("Ask")
        def ask(self, run: Run) -> None:
            run.summary = run.read("id", "-u").stdout.strip()

    done = real_server.run(Ask, {})

    assert done.outcome.summary == str(os.geteuid()), getpass.getuser()
