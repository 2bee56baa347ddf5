import pytest
from celery import Celery

from automation import wakeups
from automation.models import Priority
from automation.services.executions import Launch, launch
from automation.tasks import run_execution
from tests.automation import makers
from tests.servers.ssh.openssh import free_port
from tests.support.broker import queued

pytestmark = pytest.mark.usefixtures("committed")


@pytest.mark.parametrize("priority", list(Priority))
def test_a_launch_wakes_a_worker_of_its_priority_once_it_is_committed(priority: Priority) -> None:
    execution = launch(
        Launch(
            actor=makers.admin(),
            runbook=makers.entry("SAMPLE_LOOKING"),
            server=makers.server(),
            priority=priority,
        )
    )
    found = {each: str(execution.pk) in queued(wakeups.QUEUES[each]) for each in Priority}
    assert found == {each: each is priority for each in Priority}


def test_a_launch_in_a_zone_wakes_a_worker_of_the_zone() -> None:
    launched = Launch(
        actor=makers.admin(),
        runbook=makers.entry("SAMPLE_LOOKING"),
        server=makers.server(zone="dmz"),
        priority=Priority.HIGH,
    )
    key = str(launch(launched).pk)
    assert key in queued("zone.dmz.automation.high")
    assert key not in queued("automation.high")


def test_without_a_broker_a_launch_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = Celery("lonely", broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    lonely.config_from_object("django.conf:settings", namespace="CELERY")
    lonely.conf.broker_url = f"redis://127.0.0.1:{free_port()}/0"
    monkeypatch.setattr(wakeups, "app", lonely)
    execution = launch(
        Launch(
            actor=makers.admin(),
            runbook=makers.entry("SAMPLE_LOOKING"),
            server=makers.server(),
        )
    )
    execution.refresh_from_db()
    assert execution.status == "PENDING"
    assert str(execution.pk) not in queued("automation.normal")


def test_the_message_names_the_task_that_runs_it() -> None:
    assert run_execution.name == wakeups.TASK
