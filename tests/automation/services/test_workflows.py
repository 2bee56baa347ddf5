from typing import Any

import pytest

from automation import workflows as core
from automation.models import Schedule, Workflow
from automation.services import workflows
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import Conflict, Invalid, NotFound, NotPermitted
from tests.automation import makers
from tests.automation.workflows.makers import note

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def admin(rows: None) -> User:
    return makers.admin()


def definition(**fields: Any) -> core.Definition:
    return core.parsed({"name": "Clean up", "nodes": {"a": note()}, **fields})


def saved(admin: User, **fields: Any) -> Workflow:
    return workflows.save(actor=admin, definition=definition(**fields))


def test_it_keeps_name_description_and_definition_together(admin: User) -> None:
    row = saved(admin, description="When it is full")
    row.refresh_from_db()
    assert (row.name, row.description, row.version, row.saved_by) == (
        "Clean up",
        "When it is full",
        1,
        admin,
    )
    assert row.is_active
    assert workflows.definition_of(row) == definition(description="When it is full")
    event = makers.last_event("AUTOMATION_WORKFLOW_CREATED")
    assert (event.actor_name, event.target_name) == (admin.username, "Clean up")
    assert event.details["changed"]["nodes"] == {"added": ["a"]}
    assert event.details["changed"]["version"] == 1


def test_each_change_is_a_new_version_and_told(admin: User) -> None:
    row = saved(admin, nodes={"a": note(), "b": note(), "c": note()})
    other = makers.admin()
    nodes = {"a": note(), "b": note(text="New"), "d": note()}
    changed = workflows.save(
        actor=other,
        workflow=row,
        definition=definition(name="Look", nodes=nodes, edges=[{"from": "a", "to": "b"}]),
        seen_version=1,
    )
    assert (changed.pk, changed.name, changed.version) == (row.pk, "Look", 2)
    assert changed.saved_by == other
    told = makers.last_event("AUTOMATION_WORKFLOW_UPDATED").details["changed"]
    assert told["nodes"] == {"added": ["d"], "removed": ["c"], "changed": ["b"]}
    assert told["name"] == "Look"
    assert told["edges"] == [{"from": "a", "to": "b"}]
    assert "description" not in told


def test_what_is_as_it_was_is_no_new_version(admin: User) -> None:
    row = saved(admin)
    again = workflows.save(actor=admin, workflow=row, definition=definition())
    assert again.version == 1
    assert not AuditEvent.objects.filter(verb="AUTOMATION_WORKFLOW_UPDATED").exists()


def test_what_somebody_saved_meanwhile_is_not_lost(admin: User) -> None:
    row = saved(admin)
    workflows.save(actor=admin, workflow=row, definition=definition(description="Theirs"))
    with pytest.raises(Conflict, match="Somebody saved version 2") as refused:
        workflows.save(
            actor=admin,
            workflow=row,
            definition=definition(description="Mine"),
            seen_version=1,
        )
    assert refused.value.code == "VERSION_CHANGED"
    assert Workflow.objects.get().description == "Theirs"


def test_what_is_wrong_is_said_by_place_and_nothing_is_kept(admin: User) -> None:
    nodes = {
        "check": {"kind": "run", "runbook": "SAMPLE_MENDING", "server": "{{ inputs.nope }}"},
        "told": note(text=""),
    }
    edges = [{"from": "check", "to": "gone"}, {"from": "told", "to": "check", "when": "1 +"}]
    with pytest.raises(Invalid) as refused:
        saved(admin, nodes=nodes, edges=edges)
    assert set(refused.value.details) == {
        "nodes.check.server",
        "nodes.check.parameters.path",
        "nodes.told.text",
        "edges[0].to",
        "edges[1].when",
    }
    assert "There are 4 more." in refused.value.message
    assert not Workflow.objects.exists()


def test_what_waits_for_itself_is_refused(admin: User) -> None:
    edges = [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]
    with pytest.raises(Invalid) as refused:
        saved(admin, nodes={"a": note(), "b": note()}, edges=edges)
    assert "a → b → a" in refused.value.details["edges"][0]


def test_a_workflow_is_no_place_for_secrets(admin: User) -> None:
    node = {
        "kind": "run",
        "runbook": "SAMPLE_SECRETIVE",
        "server": makers.server().name,
        "parameters": {"path": "/tmp/x", "password": "hunter2-and-more"},
    }
    with pytest.raises(Invalid) as refused:
        saved(admin, nodes={"a": node})
    said = refused.value.details["nodes.a.parameters.password"][0]
    assert "Save a template" in said
    assert "hunter2" not in f"{refused.value.message} {refused.value.details}"


def test_secrets_that_people_write_into_texts_are_masked(admin: User) -> None:
    secret = "correct-horse-battery"
    secrets_in_use.remember([secret])
    row = saved(
        admin,
        name=f"Use {secret}",
        description=f"It is {secret}.",
        inputs=[{"name": "server", "type": "server", "help": f"Not {secret}"}],
        nodes={
            "a": note(title=secret, text=f"Say {secret}"),
            "b": {"kind": "wait", "approvals": 1, "message": f"With {secret}?"},
        },
    )
    row.refresh_from_db()
    told = [str(event.details) for event in AuditEvent.objects.order_by("seq")]
    assert not [text for text in [str(row.definition), row.name, *told] if secret in text]


def test_a_name_is_one_line_and_given_once(admin: User) -> None:
    assert saved(admin, name="  Clean \n up ").name == "Clean up"
    with pytest.raises(Conflict) as refused:
        saved(admin)
    assert refused.value.details["name"]
    assert Workflow.objects.count() == 1


def test_it_is_switched_off_and_on(admin: User) -> None:
    row = saved(admin)
    assert not workflows.set_active(actor=admin, workflow=row, on=False).is_active
    event = makers.last_event("AUTOMATION_WORKFLOW_UPDATED")
    assert event.details["changed"] == {"is_active": False}
    assert workflows.set_active(actor=admin, workflow=row, on=True).is_active
    workflows.set_active(actor=admin, workflow=row, on=True)
    assert AuditEvent.objects.filter(verb="AUTOMATION_WORKFLOW_UPDATED").count() == 2
    assert Workflow.objects.get().version == 1


def test_it_stays_while_a_schedule_runs_it(admin: User) -> None:
    row = saved(admin)
    schedule = Schedule.objects.create(
        name="Every night", workflow=row, cron_expression="15 3 * * *", timezone="UTC"
    )
    with pytest.raises(Conflict) as refused:
        workflows.delete(actor=admin, workflow=row)
    assert refused.value.details == {"usedBy": ["the schedule Every night"]}
    assert not AuditEvent.objects.filter(verb="AUTOMATION_WORKFLOW_DELETED").exists()
    schedule.delete()
    workflows.delete(actor=admin, workflow=row)
    assert not Workflow.objects.exists()
    event = makers.last_event("AUTOMATION_WORKFLOW_DELETED")
    assert event.details["definition"] == definition().as_json()


def test_what_was_deleted_a_moment_ago_is_said_so(admin: User) -> None:
    row = saved(admin)
    workflows.delete(actor=admin, workflow=row)
    assert row.pk
    with pytest.raises(NotFound, match="a moment ago"):
        workflows.save(actor=admin, workflow=row, definition=definition())


@pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK"])
def test_only_administrators_change_them(admin: User, role: str) -> None:
    row, other = saved(admin), makers.user(role)
    for act in (
        lambda: workflows.save(actor=other, definition=definition(name="x")),
        lambda: workflows.save(actor=other, workflow=row, definition=definition(name="x")),
        lambda: workflows.set_active(actor=other, workflow=row, on=False),
        lambda: workflows.delete(actor=other, workflow=row),
    ):
        with pytest.raises(NotPermitted):
            act()
    row.refresh_from_db()
    assert (row.name, row.is_active) == ("Clean up", True)
