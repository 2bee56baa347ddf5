from typing import Any

import pytest

from automation.models import Batch, CatalogEntry, Execution, Schedule, SecretParameters, Template
from automation.services import templates
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import (
    ConfirmationNeeded,
    Conflict,
    Invalid,
    NotPermitted,
    Problem,
)
from servers.models import Environment, Server
from tests.automation import makers
from tests.support import servers as places

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def admin(rows: None) -> User:
    return makers.admin()


@pytest.fixture
def server(rows: None) -> Server:
    return makers.server()


def saved(admin: User, **fields: Any) -> Template:
    asked = {"name": "Mend x", "runbook": makers.entry(), "parameters": {"path": "/tmp/x"}}
    return templates.save(actor=admin, **{**asked, **fields})


def secretive(admin: User) -> Template:
    given = {"password": "hunter2-and-more", "path": "/tmp/x"}
    return saved(admin, runbook=makers.entry("SAMPLE_SECRETIVE"), parameters=given)


def test_it_keeps_what_the_runbook_says_of_the_parameters(admin: User, server: Server) -> None:
    row = saved(admin, parameters={"path": " /tmp/x "}, server=server)
    assert (row.parameters, row.server, row.created_by) == ({"path": "/tmp/x"}, server, admin)
    event = makers.last_event("AUTOMATION_TEMPLATE_CREATED")
    assert (event.actor_name, event.target_name) == (admin.username, "Mend x")
    assert event.details["changed"]["parameters"] == {"path": "/tmp/x"}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"parameters": {}}, "path"),
        ({"parameters": {"path": "/x", "pth": 1}}, "pth"),
        ({"server": "both", "server_group": "both"}, "serverGroupId"),
    ],
)
def test_what_no_launch_would_take_is_not_kept(
    admin: User, server: Server, fields: dict[str, Any], name: str
) -> None:
    if "server" in fields:
        fields = {"server": server, "server_group": places.group()}
    with pytest.raises(Invalid) as refused:
        saved(admin, **fields)
    assert name in refused.value.details
    assert not Template.objects.exists()


def test_a_name_is_given_once(admin: User) -> None:
    saved(admin)
    with pytest.raises(Conflict) as refused:
        saved(admin)
    assert refused.value.details["name"]


def test_only_what_is_given_is_changed_and_told(admin: User, server: Server) -> None:
    row = saved(admin, server=server)
    group = places.group()
    templates.save(actor=admin, template=row, server_group=group)
    changed = Template.objects.get()
    assert (changed.name, changed.parameters) == ("Mend x", {"path": "/tmp/x"})
    assert (changed.server, changed.server_group) == (None, group)
    event = makers.last_event("AUTOMATION_TEMPLATE_UPDATED")
    assert event.details["changed"] == {"server_group": group.name, "server": None}
    templates.save(actor=admin, template=row, name="Mend x")
    assert AuditEvent.objects.filter(verb="AUTOMATION_TEMPLATE_UPDATED").count() == 1


def test_another_runbook_wants_its_own_parameters(admin: User) -> None:
    row = saved(admin)
    with pytest.raises(Invalid):
        templates.save(actor=admin, template=row, runbook=makers.entry("SAMPLE_LOOKING"))
    other = makers.entry("SAMPLE_LOOKING")
    assert templates.save(actor=admin, template=row, runbook=other, parameters={}).runbook == other


def test_secrets_are_sealed_kept_and_replaced(admin: User, server: Server) -> None:
    row = secretive(admin)
    assert row.parameters == {"path": "/tmp/x"}
    first = row.secret_parameters
    assert first is not None
    assert first.names == ["password"]
    assert "hunter2" not in str(first.sealed)
    kept = templates.save(actor=admin, template=row, parameters={"path": "/tmp/y"})
    assert kept.secret_parameters == first
    run = templates.run(actor=admin, template=kept, server=server)
    assert isinstance(run, Execution)
    assert run.secret_parameters == first
    given = {"path": "/tmp/y", "password": "another one"}
    new = templates.save(actor=admin, template=row, parameters=given)
    assert new.secret_parameters not in (None, first)
    # What ran keeps what it ran with.
    assert SecretParameters.objects.filter(pk=first.pk).exists()
    told = [str(event.details) for event in AuditEvent.objects.order_by("seq")]
    assert not [text for text in told if "hunter2" in text or "another one" in text]


def test_it_runs_on_its_own_server_with_what_is_laid_over(admin: User, server: Server) -> None:
    row = saved(admin, server=server)
    run = templates.run(
        actor=admin, template=row, parameters={"path": "/tmp/z"}, reason="Friday.", is_dry_run=True
    )
    assert isinstance(run, Execution)
    assert (run.server, run.template_id, run.is_dry_run) == (server, row.pk, True)
    assert (run.parameters, run.triggered_by_user) == ({"path": "/tmp/z"}, admin)
    other = makers.server()
    elsewhere = templates.run(actor=admin, template=row, server=other)
    assert isinstance(elsewhere, Execution)
    assert (elsewhere.server, elsewhere.parameters) == (other, {"path": "/tmp/x"})


def test_it_runs_on_its_group(admin: User, server: Server) -> None:
    group = places.group()
    group.servers.set([server, makers.server()])
    batch = templates.run(actor=admin, template=saved(admin, server_group=group))
    assert isinstance(batch, Batch)
    assert batch.executions.filter(template_id=Template.objects.get().pk).count() == 2


def test_without_a_place_one_is_to_be_chosen(admin: User) -> None:
    with pytest.raises(Invalid) as refused:
        templates.run(actor=admin, template=saved(admin))
    assert refused.value.details["serverId"]


def test_it_obeys_what_every_launch_obeys(admin: User, server: Server) -> None:
    row = saved(admin, server=makers.server(environment=Environment.PRODUCTION))
    with pytest.raises(ConfirmationNeeded):
        templates.run(actor=admin, template=row)
    stranger = makers.user("NOC")
    with pytest.raises(NotPermitted):
        templates.run(actor=stranger, template=row, server=server, is_confirmed=True)
    with pytest.raises(NotPermitted):
        templates.run(actor=makers.user("HELPDESK", operates=server), template=row, server=server)
    templates.run(actor=admin, template=row, server=server)
    with pytest.raises(Problem) as cooling:
        templates.run(actor=admin, template=row, server=server)
    assert cooling.value.code == "RATE_LIMIT_EXCEEDED"


@pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK"])
def test_only_administrators_change_templates(admin: User, role: str) -> None:
    row, other = saved(admin), makers.user(role)
    with pytest.raises(NotPermitted):
        templates.save(actor=other, template=row, name="Mine")
    with pytest.raises(NotPermitted):
        templates.delete(actor=other, template=row)


def test_one_that_is_used_stays(admin: User, server: Server) -> None:
    row = saved(admin)
    Schedule.objects.create(
        name="Nightly", template=row, server=server, cron_expression="0 3 * * *"
    )
    with pytest.raises(Conflict, match="the schedule Nightly"):
        templates.delete(actor=admin, template=row)
    assert Template.objects.exists()


def test_deleting_takes_its_secrets_along_and_is_told(admin: User) -> None:
    templates.delete(actor=admin, template=secretive(admin))
    assert not Template.objects.exists()
    assert not SecretParameters.objects.exists()
    assert makers.last_event("AUTOMATION_TEMPLATE_DELETED").target_name == "Mend x"


def test_a_runbook_whose_code_is_gone_can_be_left(admin: User) -> None:
    row = saved(admin)
    CatalogEntry.objects.filter(pk=row.runbook_id).update(is_deployed=False, runbook_id="GONE")
    with pytest.raises(Problem, match="not in the code"):
        templates.run(actor=admin, template=Template.objects.get(), server=makers.server())
    templates.delete(actor=admin, template=row)
