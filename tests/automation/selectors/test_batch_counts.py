import pytest

from automation.engine.results import Status
from automation.models import Batch, Execution
from automation.selectors import batches
from tests.automation import makers

pytestmark = pytest.mark.usefixtures("rows")


def batch_of(*statuses: Status) -> Batch:
    batch = Batch.objects.create(runbook=makers.entry())
    for status in statuses:
        makers.execution(batch=batch, status=status)
    return batch


def test_a_page_of_batches_says_how_each_stands() -> None:
    one = batch_of(Status.SUCCESS, Status.FAILED, Status.TIMEOUT, Status.UNKNOWN)
    two = batch_of(Status.RUNNING, Status.PENDING, Status.PENDING)
    empty = batch_of()
    listed = batches.with_counts(batches.listed(makers.admin()))
    names = ("total", "succeeded", "failed", "running", "waiting")
    assert {batch.pk: [getattr(batch, name) for name in names] for batch in listed} == {
        one.pk: [4, 1, 3, 0, 0],
        two.pk: [3, 0, 0, 1, 2],
        empty.pk: [0, 0, 0, 0, 0],
    }


def test_who_may_see_no_executions_sees_no_batches() -> None:
    batch_of(Status.SUCCESS)
    assert list(batches.listed(makers.user("HR"))) == []


def test_a_change_of_any_member_changes_the_revision() -> None:
    user, batch = makers.admin(), batch_of(Status.RUNNING, Status.RUNNING)
    first, second = batch.executions.all()
    Execution.objects.filter(pk=second.pk).update(revision=9)
    before = batches.get(user, batch.pk).revision  # type: ignore[attr-defined]
    Execution.objects.filter(pk=first.pk).update(revision=1)
    assert batches.get(user, batch.pk).revision != before  # type: ignore[attr-defined]


def test_what_a_step_said_is_the_whole_of_it_but_not_its_rollback() -> None:
    user, batch = makers.admin(), batch_of(Status.SUCCESS)
    (execution,) = batch.executions.all()
    makers.log_row(execution, 1, stdout="one\n")
    makers.log_row(execution, 2, stdout="", stderr="two\n")
    makers.log_row(execution, 3, stdout="")
    makers.log_row(execution, 4, stdout="gone\n", step_name="Take back: First")
    column = batches.grid(user, batch).columns[0]
    assert [saying.output for saying in column.sayings] == ["one\ntwo"]


def test_of_a_long_output_the_end_is_shown() -> None:
    user, batch = makers.admin(), batch_of(Status.SUCCESS)
    (execution,) = batch.executions.all()
    makers.log_row(execution, 1, stdout="x" * 5000 + "end\n")
    (saying,) = batches.grid(user, batch).columns[0].sayings
    assert len(saying.output) <= 2000
    assert saying.output.endswith("xend")
