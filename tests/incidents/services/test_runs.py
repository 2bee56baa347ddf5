"""What executions do to where an incident stands, and which ones are its own."""

from typing import Any
from uuid import uuid4

import pytest

from automation.engine.results import Status
from automation.models import Execution
from automation.runner.finish import told
from automation.services import executions
from automation.services.executions import Launch
from incidents.models import Incident
from incidents.services import incidents, runs
from opsmanager.accounts.models import User
from opsmanager.common.problems import InvalidState, NotFound, NotPermitted
from servers.models import Environment
from tests.automation import makers
from tests.incidents.makers import incident as opened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def launched(actor: User, incident: Incident, **fields: Any) -> Execution:
    asked = {
        "actor": actor,
        "runbook": makers.entry(),
        "server": incident.server or makers.server(environment=Environment.STAGING),
        "parameters": {"path": "/tmp/x"},
        "incident_id": incident.pk,
        **fields,
    }
    return executions.launch(Launch(**asked))


def end(execution: Execution, status: Status = Status.SUCCESS, verdict: str = "") -> None:
    Execution.objects.filter(pk=execution.pk).update(
        status=status, verdict=verdict, waiting_since=None
    )
    told(execution.pk, worker="one")


def status_of(incident: Incident) -> str:
    incident.refresh_from_db()
    return incident.status


@pytest.mark.parametrize("before", ["OPEN", "ACKNOWLEDGED"])
@pytest.mark.parametrize("verdict", ["FIXED", "NOT_FIXED"])
def test_it_is_being_remediated_while_something_that_changes_runs(
    before: str, verdict: str
) -> None:
    incident, admin = opened(), makers.admin()
    if before == "ACKNOWLEDGED":
        incidents.acknowledge(actor=admin, incident=incident)
    execution = launched(admin, incident)
    assert status_of(incident) == "REMEDIATING"
    started = incident.timeline.last()
    assert started is not None
    assert (started.text, started.actor) == ("Run of Mend a file started.", admin.username)
    assert started.execution == execution
    end(execution, verdict=verdict)
    assert status_of(incident) == before


def test_the_last_of_two_ends_it() -> None:
    incident, admin = opened(), makers.admin()
    first = launched(admin, incident)
    second = launched(admin, incident, server=makers.server(environment=Environment.STAGING))
    end(first)
    assert status_of(incident) == "REMEDIATING"
    end(second, Status.UNKNOWN)
    assert status_of(incident) == "OPEN"


@pytest.mark.parametrize(
    "fields", [{"is_dry_run": True}, {"runbook": "SAMPLE_LOOKING", "parameters": {}}]
)
def test_what_changes_nothing_remediates_nothing(fields: dict[str, Any]) -> None:
    incident = opened()
    if "runbook" in fields:
        fields = {**fields, "runbook": makers.entry("SAMPLE_LOOKING")}
    launched(makers.admin(), incident, **fields)
    assert status_of(incident) == "OPEN"


def test_a_resolved_incident_stays_so_whatever_runs() -> None:
    incident, admin = opened(), makers.admin()
    execution = launched(admin, incident)
    incidents.resolve(actor=admin, incident=incident)
    end(execution)
    assert status_of(incident) == "RESOLVED"
    incidents.reopen(actor=admin, incident=incident)
    assert status_of(incident) == "OPEN"


def test_a_waiting_execution_that_is_cancelled_remediates_no_more() -> None:
    incident, admin = opened(), makers.admin()
    execution = launched(admin, incident)
    executions.cancel(actor=admin, execution=execution)
    assert status_of(incident) == "OPEN"


def test_nothing_is_launched_for_an_incident_that_is_not_there() -> None:
    incident = opened()
    incident.pk = uuid4()
    with pytest.raises(NotFound, match="no such incident"):
        launched(makers.admin(), incident)
    assert not Execution.objects.exists()


def test_an_execution_is_linked_and_taken_off() -> None:
    incident, noc = opened(), makers.user("NOC")
    execution = makers.execution(status=Status.SUCCESS)
    runs.link(actor=noc, incident=incident, execution=execution)
    runs.link(actor=noc, incident=incident, execution=execution)
    execution.refresh_from_db()
    assert execution.incident_id == incident.pk
    assert makers.last_event("INCIDENT_EXECUTION_LINKED").details["execution"] == str(execution.pk)
    with pytest.raises(InvalidState, match="linked to another incident"):
        runs.link(actor=noc, incident=opened(), execution=execution)
    runs.unlink(actor=noc, incident=incident, execution=execution)
    execution.refresh_from_db()
    assert execution.incident_id is None
    assert incident.timeline.count() == 3
    with pytest.raises(NotFound):
        runs.unlink(actor=noc, incident=incident, execution=execution)


def test_a_live_execution_that_is_linked_remediates() -> None:
    incident, noc = opened(), makers.user("NOC")
    execution = makers.execution(status=Status.RUNNING)
    runs.link(actor=noc, incident=incident, execution=execution)
    assert status_of(incident) == "REMEDIATING"
    runs.unlink(actor=noc, incident=incident, execution=execution)
    assert status_of(incident) == "OPEN"


def test_what_a_rule_started_stays_linked() -> None:
    incident = opened()
    execution = makers.execution(
        incident_id=incident.pk, triggered_by="INCIDENT", triggered_by_user=None
    )
    with pytest.raises(InvalidState, match="A rule started it"):
        runs.unlink(actor=makers.admin(), incident=incident, execution=execution)


def test_who_may_not_manage_incidents_links_nothing() -> None:
    with pytest.raises(NotPermitted):
        runs.link(actor=makers.user("HELPDESK"), incident=opened(), execution=makers.execution())
