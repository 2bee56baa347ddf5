"""No command leaves the engine that the guard refuses: in a run, a dry run or a rollback."""

from uuid import uuid4

import pytest

from automation.engine import Run, Runbook, Shell, step
from automation.engine.executor import Executor
from automation.engine.guard import weigh
from automation.engine.past import PastAction
from automation.engine.ports import Action
from automation.engine.registry import Registry
from automation.engine.results import ActionStatus, ErrorCode, Status, StepType
from automation.engine.testing import (
    ManualStop,
    MemoryJournal,
    ScriptedTransport,
    rehearse,
    rehearse_rollback,
    reply,
)


class Destroys(Runbook, registry=Registry()):
    """Destroy a server, step by step.

    Use it in tests.
    """

    id = "DESTROYS"
    title = "Destroy"

    @step("Look")
    def look(self, run: Run) -> None:
        run.read("ls", "/")

    @step("Remove")
    def remove(self, run: Run) -> None:
        run.change("rm", "-rf", "/", sudo=True)

    @remove.undo
    def bring_back(self, run: Run) -> None:
        run.change("mkfs.ext4", "/dev/sda1", sudo=True)


class ReadsByRemoving(Runbook, registry=Registry()):
    """Remove a file and call it reading.

    Use it in tests.
    """

    id = "READS_BY_REMOVING"
    title = "Read"
    changes = False

    @step("Look")
    def look(self, run: Run) -> None:
        run.read("rm", "/tmp/x")


REPLIES = {"ls": reply("bin"), "rm": reply(), "mkfs.ext4": reply()}


@pytest.mark.parametrize("is_dry_run", [False, True])
def test_a_refused_command_is_not_sent_and_the_log_says_why(is_dry_run: bool) -> None:
    done = rehearse(Destroys, {}, REPLIES, is_dry_run=is_dry_run)
    assert done.commands == ["ls /"]
    assert done.outcome.status is Status.FAILED
    assert done.outcome.error_code is ErrorCode.DANGEROUS_COMMAND
    assert "`rm -rf /`" in done.outcome.error_message
    assert "rule DELETE_RECURSIVE" in done.outcome.error_message
    row = done.log[-1]
    assert (row.action.type, row.status) == (StepType.VALIDATION, ActionStatus.FAILED)
    assert row.text.endswith("rm -rf /")
    assert "DELETE_RECURSIVE" in row.error_message
    assert not done.outcome.changed


def test_a_refused_command_is_not_sent_in_a_rollback_either() -> None:
    done = rehearse_rollback(Destroys, {}, REPLIES, data={}, steps_done=[2])
    assert done.commands == []
    assert done.outcome.error_code is ErrorCode.DANGEROUS_COMMAND
    assert done.outcome.steps_done == (2,)


def test_reading_that_changes_is_refused() -> None:
    done = rehearse(ReadsByRemoving, {}, REPLIES)
    assert done.commands == []
    assert done.outcome.error_code is ErrorCode.DANGEROUS_COMMAND
    assert "run.change" in done.outcome.error_message


def test_without_a_guard_nothing_is_refused() -> None:
    transport = ScriptedTransport(REPLIES)
    executor = Executor(transport=transport, journal=MemoryJournal(), stop=ManualStop())
    assert executor.execute(Destroys()).status is Status.SUCCESS
    assert [command.words[0] for command in transport.commands] == ["ls", "rm"]


def test_with_a_guard_the_same_executor_refuses() -> None:
    transport = ScriptedTransport(REPLIES)
    executor = Executor(
        transport=transport, journal=MemoryJournal(), stop=ManualStop(), guard=weigh
    )
    assert executor.execute(Destroys()).status is Status.FAILED


def _lost(text: str, *, changes: bool, step_number: int) -> PastAction:
    action = Action(
        id=uuid4(), seq=1, step_number=step_number, step_name="Remove",
        type=StepType.SSH_COMMAND, text=text, changes=changes,
    )  # fmt: skip
    return PastAction(action=action, status=ActionStatus.UNKNOWN)


def test_what_a_lost_worker_may_have_sent_is_not_sent_again_and_stays_unknown() -> None:
    """The guard may have been off then, or it has learnt since."""
    transport = ScriptedTransport(REPLIES)
    executor = Executor(
        transport=transport, journal=MemoryJournal(), stop=ManualStop(), guard=weigh
    )
    past = [_lost("rm -rf /", changes=True, step_number=2)]
    done = executor.execute(Destroys(), past=past)
    assert [command.words[0] for command in transport.commands] == ["ls"]
    assert transport.recovered == []
    assert done.status is Status.UNKNOWN
    assert "DELETE_RECURSIVE" in done.error_message


def test_reading_that_a_lost_worker_began_is_refused_as_any_other() -> None:
    transport = ScriptedTransport(REPLIES)
    executor = Executor(
        transport=transport, journal=MemoryJournal(), stop=ManualStop(), guard=weigh
    )
    past = [_lost("rm /tmp/x", changes=False, step_number=1)]
    done = executor.execute(ReadsByRemoving(), past=past)
    assert transport.commands == []
    assert done.status is Status.FAILED
    assert done.error_code is ErrorCode.DANGEROUS_COMMAND


class DestroysAtOnce(Runbook, registry=Registry()):
    """Destroy a server in two steps at once.

    Use it in tests.
    """

    irreversible = "Nothing brings a server back."
    id = "DESTROYS_AT_ONCE"
    title = "Destroy at once"

    def assess(self, run: Run) -> None:
        run.read("sh", stdin="rm -rf /etc/a-secret")

    @step("Look")
    def look(self, run: Run) -> None:
        run.read("ls", "/")

    @step("Remove", alongside=True)
    def remove(self, run: Run) -> None:
        run.change(Shell('x=$1; rm -rf "/$x"'), "etc", sudo=True)


class DestroysAlongside(DestroysAtOnce, registry=Registry()):
    """Destroy a server in two steps at once, without looking first.

    Use it in tests.
    """

    id = "DESTROYS_ALONGSIDE"
    assess = Runbook.assess


def test_a_step_alongside_others_is_weighed() -> None:
    done = rehearse(DestroysAlongside, {}, REPLIES)
    assert done.commands in (["ls /"], [])
    assert done.outcome.error_code is ErrorCode.DANGEROUS_COMMAND
    assert "DELETE_RECURSIVE" in done.outcome.error_message


def test_an_assessment_is_weighed_with_what_its_shell_reads_and_that_is_not_told() -> None:
    done = rehearse(DestroysAtOnce, {}, REPLIES)
    assert done.commands == []
    assert done.outcome.error_code is ErrorCode.DANGEROUS_COMMAND
    assert "a-secret" not in done.outcome.error_message
    assert "a-secret" not in repr(done.log)
