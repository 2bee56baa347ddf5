import pytest

from automation.engine.errors import LeaseLost
from automation.engine.ports import ActionEnd
from automation.engine.results import ActionStatus
from automation.models import ExecutionLog
from automation.runner.execution_journal import ExecutionJournal
from automation.runner.journal import Journal
from automation.runner.lease import Lease
from tests.automation.runner.committed import outage
from tests.automation.runner.conftest import action, claimed, reloaded


def test_what_the_engine_says_is_in_the_log_in_order(journal: Journal) -> None:
    claim = claimed()
    told = ExecutionJournal(journal=journal, claim=claim, lease=Lease(claim, timeout=60))
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
    told = ExecutionJournal(journal=journal, claim=claim, lease=lease)
    lease._good_until = 0
    with outage(), pytest.raises(LeaseLost, match="could not be written in time"):
        told.begin(action(changes=True))
