import pytest

from automation.engine.errors import LeaseLost
from automation.engine.ports import ActionEnd
from automation.engine.results import ActionStatus
from automation.models import ExecutionLog
from automation.runner.claim import Claim
from automation.runner.execution_journal import ExecutionJournal
from automation.runner.journal import Journal
from automation.runner.lease import Lease
from automation.runner.masking import Masking
from tests.automation.runner.committed import outage
from tests.automation.runner.conftest import action, claimed, reloaded

SECRET = "S3CR3T-4f1c9a7e"


def telling(
    journal: Journal, claim: Claim, lease: Lease | None = None, *known: str
) -> ExecutionJournal:
    return ExecutionJournal(
        journal=journal,
        claim=claim,
        lease=lease or Lease(claim, timeout=60),
        masking=Masking(known),
    )


def test_what_the_engine_says_is_in_the_log_in_order(journal: Journal) -> None:
    claim = claimed()
    told = telling(journal, claim)
    reading, changing, left_out = action(1), action(2, changes=True), action(3, changes=True)

    told.begin_step(number=2, total=3, name="Second")
    told.begin(reading)
    told.output(reading, "stdout", "half")
    told.end(reading, ActionEnd(status=ActionStatus.SUCCESS, stdout="whole", exit_code=0))
    told.begin(changing)
    told.planned(left_out)
    told.flush()

    rows = ExecutionLog.objects.filter(execution=claim.execution_id).order_by("seq")
    assert [(row.seq, row.status, row.stdout) for row in rows] == [
        (1, ActionStatus.SUCCESS, "whole"),
        (2, ActionStatus.RUNNING, ""),
        (3, ActionStatus.PLANNED, ""),
    ]
    assert reloaded(claim).current_step == 2


def test_a_change_does_not_wait_for_its_intent_longer_than_its_lease(journal: Journal) -> None:
    claim = claimed()
    lease = Lease(claim, timeout=60)
    told = telling(journal, claim, lease)
    lease._good_until = 0
    with outage(), pytest.raises(LeaseLost, match="could not be written in time"):
        told.begin(action(changes=True))


def test_nothing_that_it_is_told_is_stored_with_a_secret(journal: Journal) -> None:
    claim = claimed()
    told = telling(journal, claim, None, SECRET)
    changing = action(1, changes=True, text=f"app --user bob {SECRET}")
    told.begin(changing)
    for piece in ("it is ", SECRET[:5], SECRET[5:], "\nand ", f"key {SECRET[:9]}"):
        told.output(changing, "stdout", piece)
    told.flush()
    (row,) = ExecutionLog.objects.filter(execution=claim.execution_id)
    assert (row.command, row.stdout) == ("app --user bob ***", "it is ***\n")

    end = ActionEnd(
        status=ActionStatus.FAILED,
        stdout=f"it is {SECRET}\nand key {SECRET}",
        stderr="password=other",
        exit_code=1,
        error_message=f"It said: {SECRET[:9]}...",
    )
    told.end(changing, end)
    told.planned(action(2, changes=True, text=f"next {SECRET}"))
    told.keep(data={"was": SECRET, "n": 1}, once={"password": "made up"}, steps_done=[1])
    told.flush()

    first, second = ExecutionLog.objects.filter(execution=claim.execution_id).order_by("seq")
    assert (first.stdout, first.stderr) == ("it is ***\nand key ***", "password=***")
    assert first.error_message == "It said: ***..."
    assert second.command == "next ***"
    execution = reloaded(claim)
    assert (execution.context, execution.once) == ({"was": "***", "n": 1}, {"password": "***"})
    assert execution.steps_done == [1]
