import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper

from automation.engine.errors import EngineError, LeaseLost
from automation.engine.ports import ActionEnd
from automation.engine.results import ActionStatus
from automation.models import Execution, ExecutionLog
from automation.runner.claim import Claim
from automation.runner.journal import Journal
from automation.runner.log_row import LogRow
from tests.automation import makers
from tests.automation.runner.committed import outage, terminate_backends
from tests.automation.runner.conftest import action, claimed, reloaded, wait_until

WAIT = 60


def rows_of(claim: Claim) -> list[ExecutionLog]:
    return list(ExecutionLog.objects.filter(execution=claim.execution_id).order_by("seq"))


def move_on(claim: Claim) -> None:
    """Another worker claimed it meanwhile."""
    Execution.objects.filter(pk=claim.execution_id).update(fence=claim.fence + 1)


def test_an_intent_is_durable_before_its_promise_is_kept(journal: Journal) -> None:
    claim = claimed()
    promise = journal.promise(LogRow(claim=claim, action=action(changes=True, text="touch /x")))
    promise.result(WAIT)

    (row,) = rows_of(claim)
    assert (row.command, row.changes, row.status) == ("touch /x", True, ActionStatus.RUNNING)
    assert row.finished_at is None
    assert row.attempt == claim.attempt
    assert row.queued_at == claim.queued_at
    assert reloaded(claim).last_seq == 1


def test_a_row_is_written_again_as_it_grows_and_when_it_ends(journal: Journal) -> None:
    claim = claimed()
    row = LogRow(claim=claim, action=action())
    journal.say(row)
    wait_until(lambda: rows_of(claim))
    row.append("stdout", "one\n", limit=100)
    journal.say(row)
    wait_until(lambda: rows_of(claim)[0].stdout == "one\n")
    row.end(ActionEnd(status=ActionStatus.SUCCESS, stdout="one\ntwo\n", exit_code=0))
    journal.say(row)
    journal.flush(claim).result(WAIT)

    (stored,) = rows_of(claim)
    assert (stored.stdout, stored.exit_code, stored.status) == ("one\ntwo\n", 0, "SUCCESS")
    assert stored.finished_at is not None
    assert stored.duration_ms is not None


def test_each_commit_moves_the_revision_on_once_however_many_rows(journal: Journal) -> None:
    claim = claimed()
    before = reloaded(claim).revision
    with journal._condition:  # the journal's thread waits meanwhile
        for seq in range(1, 51):
            journal.say(LogRow(claim=claim, action=action(seq)))
        journal.step(claim, 2)
        written = journal.flush(claim)
    written.result(WAIT)

    execution = reloaded(claim)
    assert len(rows_of(claim)) == 50
    assert execution.revision == before + 1
    assert (execution.last_seq, execution.current_step) == (50, 2)


def test_of_two_executions_in_one_commit_one_may_be_lost(journal: Journal) -> None:
    ours, theirs = claimed(), claimed()
    move_on(theirs)
    with journal._condition:
        good = journal.promise(LogRow(claim=ours, action=action(changes=True)))
        bad = journal.promise(LogRow(claim=theirs, action=action(changes=True)))
    good.result(WAIT)
    with pytest.raises(LeaseLost, match="taken over"):
        bad.result(WAIT)
    assert len(rows_of(ours)) == 1
    assert rows_of(theirs) == []


@pytest.mark.parametrize("status", ["UNKNOWN", "SUCCESS", "PENDING"])
def test_a_zombie_writes_nothing_once_its_execution_was_settled(
    journal: Journal, status: str
) -> None:
    claim = claimed()
    Execution.objects.filter(pk=claim.execution_id).update(status=status, lease_until=None)
    journal.say(LogRow(claim=claim, action=action()))
    with pytest.raises(LeaseLost):
        journal.flush(claim).result(WAIT)
    assert rows_of(claim) == []


def test_nothing_that_changes_begins_with_a_short_lease(journal: Journal) -> None:
    claim = claimed()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE automation_execution SET lease_until = clock_timestamp() + interval '5 s'"
        )
    with pytest.raises(LeaseLost, match="too short"):
        journal.promise(LogRow(claim=claim, action=action(changes=True))).result(WAIT)
    assert rows_of(claim) == []

    journal.say(LogRow(claim=claim, action=action(2)))
    journal.flush(claim).result(WAIT)
    assert [row.seq for row in rows_of(claim)] == [2]


def test_a_claim_of_a_later_attempt_takes_the_place_of_the_lost_one(journal: Journal) -> None:
    claim = claimed()
    later = Claim(
        execution_id=claim.execution_id,
        fence=claim.fence + 1,
        attempt=2,
        queued_at=claim.queued_at,
        last_seq=1,
    )
    move_on(claim)
    with journal._condition:
        journal.say(LogRow(claim=claim, action=action(1)))
        journal.say(LogRow(claim=later, action=action(2)))
        written = journal.flush(later)
    written.result(WAIT)
    assert [(row.seq, row.attempt) for row in rows_of(claim)] == [(2, 2)]


def test_cut_connections_lose_nothing(journal: Journal) -> None:
    claim = claimed()
    for seq in range(1, 31):
        journal.say(LogRow(claim=claim, action=action(seq)))
        if seq % 10 == 0:
            terminate_backends()
    journal.flush(claim).result(WAIT)
    assert [row.seq for row in rows_of(claim)] == list(range(1, 31))


def test_a_connection_that_is_cut_while_rows_are_copied_loses_nothing(journal: Journal) -> None:
    claim = claimed()
    with connection.cursor() as cursor:
        # Holds the copying up, so that the cut finds it under way.
        cursor.execute("BEGIN; LOCK TABLE automation_executionlog IN EXCLUSIVE MODE")
        journal.say(LogRow(claim=claim, action=action()))
        wait_until(lambda: _copying(cursor))
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%'"
            " AND datname = current_database()"
        )
        cursor.execute("COMMIT")
    journal.flush(claim).result(WAIT)
    assert [row.seq for row in rows_of(claim)] == [1]


def _copying(cursor: CursorWrapper) -> bool:
    # Within a transaction the first look is kept.
    cursor.execute("SELECT pg_stat_clear_snapshot()")
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%'"
        " AND state = 'active' AND datname = current_database()"
    )
    return bool(cursor.fetchone()[0])


def test_an_outage_delays_a_promise_and_loses_nothing(journal: Journal) -> None:
    claim = claimed()
    with outage():
        promise = journal.promise(LogRow(claim=claim, action=action(changes=True)))
        with pytest.raises(TimeoutError):
            promise.result(1.5)
        journal.say(LogRow(claim=claim, action=action(2)))
    promise.result(WAIT)
    journal.flush(claim).result(WAIT)
    assert [row.seq for row in rows_of(claim)] == [1, 2]


def test_a_commit_whose_answer_was_lost_is_not_done_twice(journal: Journal) -> None:
    claim = claimed()
    row = LogRow(claim=claim, action=action(changes=True))
    journal.promise(row).result(WAIT)
    # As after a connection that broke between the commit and the word of it.
    row.is_inserted = False
    row.end(ActionEnd(status=ActionStatus.SUCCESS, exit_code=0))
    with outage():
        journal.say(row)
        with pytest.raises(TimeoutError):
            journal.flush(claim).result(1.5)
    journal.flush(claim).result(WAIT)
    (stored,) = rows_of(claim)
    assert stored.status == ActionStatus.SUCCESS


def test_a_row_that_cannot_be_written_harms_no_other_execution(journal: Journal) -> None:
    good, bad = claimed(), claimed()
    makers.log_row(reloaded(bad), 1)  # its place is taken
    with journal._condition:
        journal.say(LogRow(claim=bad, action=action(1)))
        journal.say(LogRow(claim=good, action=action(1)))
        refused, written = journal.flush(bad), journal.flush(good)
    written.result(WAIT)
    with pytest.raises(EngineError, match="can't be written"):
        refused.result(WAIT)
    assert len(rows_of(good)) == 1


def test_text_that_postgresql_cannot_hold_is_written_in_other_characters(
    journal: Journal,
) -> None:
    claim = claimed()
    row = LogRow(claim=claim, action=action(text="a\0b\ud800c"))
    row.end(ActionEnd(status=ActionStatus.FAILED, error_message="\0"))
    journal.say(row)
    journal.flush(claim).result(WAIT)
    (stored,) = rows_of(claim)
    assert stored.command == "a␀b?c"
    assert stored.error_message == "␀"


def test_it_knows_how_long_the_longest_commit_took_since_it_was_last_asked(
    journal: Journal,
) -> None:
    claim = claimed()
    journal.promise(LogRow(claim=claim, action=action())).result(WAIT)
    wait_until(lambda: journal.slowest() > 0)
    assert journal.slowest() == 0


def test_closing_writes_what_is_there(committed: None) -> None:
    claim = claimed()
    journal = Journal()
    for seq in (1, 2):
        journal.say(LogRow(claim=claim, action=action(seq)))
    journal.start()
    journal.close()
    journal.join(WAIT)
    assert not journal.is_alive()
    assert len(rows_of(claim)) == 2


def test_closing_during_an_outage_does_not_wait_for_its_end(committed: None) -> None:
    claim = claimed()
    journal = Journal()
    journal.start()
    with outage():
        promise = journal.promise(LogRow(claim=claim, action=action(changes=True)))
        with pytest.raises(TimeoutError):
            promise.result(1.5)
        journal.close()
        journal.join(WAIT)
        assert not journal.is_alive()
    with pytest.raises(LeaseLost):
        promise.result(0)


def test_live_output_stops_at_the_limit_and_comes_whole_at_the_end(committed: None) -> None:
    row = LogRow(claim=claimed(), action=action())
    row.append("stdout", "abc", limit=5)
    row.append("stdout", "defg", limit=5)
    row.append("stdout", "h", limit=5)
    assert row.stdout == "abcde"
    row.end(ActionEnd(status=ActionStatus.SUCCESS, stdout="abcdefgh"))
    assert row.stdout == "abcdefgh"
