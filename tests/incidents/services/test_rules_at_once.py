"""Rules with many incidents at once, and with a worker that really runs what they start."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from automation.models import Execution
from automation.runner.process import WorkerProcess
from incidents.models import Incident, RuleBreaker, RuleDecision
from incidents.services.remediation import consider, look_again
from servers.models import Server
from tests.automation import makers
from tests.automation.runner.conftest import (
    committed,
    db,
    host_pair,
    in_thread,
    server,
    ssh_server,
    worker,
)
from tests.incidents.makers import incident, rule

__all__ = ["committed", "db", "host_pair", "server", "ssh_server", "worker"]


def at_once(things: list[Callable[[], object]]) -> None:
    """Do them all, begun at the same moment."""
    gate = threading.Barrier(len(things))

    def begin(thing: Callable[[], object]) -> Callable[[], object]:
        return lambda: (gate.wait(30), thing())

    for thread in [in_thread(begin(thing)) for thing in things]:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("limits", [{"at_once": 2, "per_hour": 99}, {"at_once": 99, "per_hour": 2}])
def test_a_crowd_of_incidents_at_once_obeys_the_limits(limits: dict[str, int]) -> None:
    rule(**limits)
    crowd = [incident() for _ in range(16)]
    at_once([lambda each=each: consider(each) for each in crowd])
    assert Execution.objects.count() == 2
    outcomes = RuleDecision.objects.values_list("outcome", flat=True)
    assert sorted(outcomes) == ["HELD"] * 14 + ["STARTED"] * 2


@pytest.mark.usefixtures("committed")
def test_one_incident_that_many_workers_look_at_is_acted_on_once() -> None:
    rule(at_once=99, per_hour=99, rank=1)
    rule(at_once=99, per_hour=99, rank=2)
    broken = incident()
    at_once([lambda: consider(broken)] * 8)
    assert Execution.objects.count() == 1


def test_an_incident_is_opened_fixed_and_resolved_by_a_rule(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    rule(name="mend")
    broken = incident(server=server, labels={"job": "web", "path": str(tmp_path / "it")})
    (row,) = consider(broken)
    assert row.execution_id is not None
    worker.run(row.execution_id)
    row.refresh_from_db()
    broken.refresh_from_db()
    assert (tmp_path / "it").exists()
    assert (row.did_fix, broken.status) == (True, "RESOLVED")
    assert broken.timeline.filter(kind="RESOLVED").get().text == "The rule mend fixed it."


def test_a_rule_that_does_not_help_tries_again_and_then_stops(
    worker: WorkerProcess, server: Server, tmp_path: Path
) -> None:
    makers.entry(cooldown_minutes=0, max_retries=0)
    rule(breaker_after=2, retry_minutes=0)
    missing = str(tmp_path / "no such place" / "it")
    broken = incident(server=server, labels={"job": "web", "path": missing})
    for _ in range(2):
        (row,) = _seen_again(broken)
        assert row.execution_id is not None
        worker.run(row.execution_id)
    assert RuleBreaker.objects.filter(server=server, rearmed_at=None).count() == 1
    assert [row.outcome for row in _seen_again(broken)] == ["HELD"]
    broken.refresh_from_db()
    assert broken.is_open
    look_again()
    assert Execution.objects.count() == 2


def _seen_again(broken: Incident) -> list[RuleDecision]:
    Incident.objects.filter(pk=broken.pk).update(last_seen_at=timezone.now())
    return consider(broken)
