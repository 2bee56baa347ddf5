import pytest
from django.db import IntegrityError, transaction

from automation.engine.results import Status
from automation.models import Execution, ExecutionLog
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.mark.parametrize(
    ("status", "current", "total", "progress"),
    [
        (Status.PENDING, 0, 4, 0),
        (Status.RUNNING, 0, 4, 0),
        (Status.RUNNING, 1, 4, 0),
        (Status.RUNNING, 3, 4, 50),
        (Status.RUNNING, 5, 4, 100),
        (Status.RUNNING, 1, 0, 0),
        (Status.FAILED, 1, 4, 100),
    ],
)
def test_progress_counts_the_steps_that_are_done(
    status: Status, current: int, total: int, progress: int
) -> None:
    execution = Execution(status=status, current_step=current, total_steps=total)
    assert execution.progress == progress


@pytest.mark.parametrize(
    ("status", "success"),
    [
        (Status.PENDING, None),
        (Status.RUNNING, None),
        (Status.SUCCESS, True),
        (Status.FAILED, False),
        (Status.UNKNOWN, False),
        (Status.ROLLED_BACK, False),
    ],
)
def test_success_is_known_once_it_has_ended(status: Status, success: bool | None) -> None:
    assert Execution(status=status).success is success


def test_the_database_refuses_a_status_that_nobody_knows() -> None:
    execution = makers.execution()
    with pytest.raises(IntegrityError, match="execution_status_known"), transaction.atomic():
        Execution.objects.filter(pk=execution.pk).update(status="DONE")


def test_the_database_refuses_a_second_change_of_a_server_at_a_time() -> None:
    server = makers.server()
    makers.execution(server=server, status=Status.RUNNING)
    with pytest.raises(IntegrityError, match="execution_server_lock"), transaction.atomic():
        makers.execution(server=server, status=Status.RUNNING)
    makers.execution(server=server, status=Status.RUNNING, is_dry_run=True)
    makers.execution("SAMPLE_LOOKING", server=server, status=Status.RUNNING)


def test_the_log_of_an_execution_goes_with_it() -> None:
    execution = makers.execution()
    makers.log_row(execution, 1)
    other = makers.log_row(makers.execution(), 1)
    execution.delete()
    assert list(ExecutionLog.objects.all()) == [other]
