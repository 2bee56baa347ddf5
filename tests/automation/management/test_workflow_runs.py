"""Running workflows, and watching, cancelling and going on with their runs, by a command."""

import io
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from automation.engine.results import Status
from automation.management import workflow_runs as command
from automation.models import Approval, Execution, Priority, Workflow, WorkflowRun
from automation.services import workflow_runs
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.services.workflow_story import Story, look, note, started, wait, workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

Ends = Callable[..., None]


@pytest.fixture
def admin() -> User:
    return makers.admin(username="admin")


@pytest.fixture
def server(admin: User) -> Server:
    return makers.server(name="web-one")


@pytest.fixture
def chain(server: Server) -> Workflow:
    wanted = [
        {"name": "server", "type": "server", "required": True},
        {"name": "times", "type": "integer", "default": 1},
        {"name": "share", "type": "number"},
        {"name": "deep", "type": "boolean"},
    ]
    nodes = {"a": look(), "b": look(), "told": note("All is well.")}
    return workflow(nodes, "a b", "b told", inputs=wanted, name="Nightly")


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Ends:
    """Says how executions end, one each time that the command waits, as workers do."""

    def let(*statuses: Status, **fields: object) -> None:
        coming = list(statuses)

        def wait_a_moment(_seconds: float) -> None:
            story = Story(WorkflowRun.objects.latest("started_at")).advance()
            if not story.running:
                return
            key, _, item = story.running[0].partition(" on ")
            story.end(key, coming.pop(0), item=item, **fields)

        monkeypatch.setattr(command.time, "sleep", wait_a_moment)

    return let


def said(*words: str) -> str:
    out = io.StringIO()
    call_command("workflow", *words, stdout=out)
    return out.getvalue()


def ended(code: int, *words: str) -> str:
    """Return what is said of a run whose command ends with a code."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("workflow", *words, stdout=out)
    assert caught.value.returncode == code
    return f"{out.getvalue()}{caught.value}"


def test_a_workflow_is_run_and_followed_node_by_node(chain: Workflow, ends: Ends) -> None:
    ends(Status.SUCCESS, Status.SUCCESS, result_summary="Looked.")
    lines = said("run", "Nightly", "server=web-one", "--reason", "Ticket 7").splitlines()
    run = WorkflowRun.objects.get()
    assert (run.reason, run.is_dry_run, run.triggered_by_user.username) == (  # type: ignore[union-attr]
        "Ticket 7",
        False,
        "admin",
    )
    assert lines[0] == f"{run.pk}  Nightly, version 1"
    first, second = Execution.objects.order_by("queued_at")
    assert lines[1:] == [
        "a: SUCCEEDED. Looked.",
        f"b: RUNNING. Execution {second.pk}",
        "b: SUCCEEDED. Looked.",
        "told: SUCCEEDED. All is well.",
        "",
        "Nightly: SUCCESS. All has ended.",
    ]
    assert first.status == Status.SUCCESS


def test_inputs_are_of_their_types(chain: Workflow, ends: Ends) -> None:
    ends(Status.SUCCESS, Status.SUCCESS)
    said("run", "Nightly", "server=web-one", "times=3", "share=0.5", "deep=yes", "--priority=HIGH")
    run = WorkflowRun.objects.get()
    assert run.inputs == {"server": "web-one", "times": 3, "share": 0.5, "deep": True}
    assert run.priority == Priority.HIGH


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["server"], "server must look like name=value."),
        (["server=a", "server=b"], "server is given twice"),
        ([], "inputs.server: Is required."),
        (["server=web-one", "times=x"], "inputs.times: Must be a whole number."),
        (["server=web-one", "share=nan"], "inputs.share: Must be a number."),
        (["server=web-one", "deep=perhaps"], "inputs.deep: Must be yes or no."),
        (["server=web-one", "other=1"], "The workflow has no such input."),
        (["server=web-one", "--as", "nobody"], "There is no user nobody."),
    ],
)
def test_what_is_wrong_starts_nothing(chain: Workflow, words: list[str], sentence: str) -> None:
    assert sentence in ended(2, "run", "Nightly", *words)
    assert not WorkflowRun.objects.exists()


def test_there_is_no_workflow_of_another_name(admin: User) -> None:
    assert ended(2, "run", "Gone") == "There is no workflow Gone."


def test_production_has_to_be_meant(chain: Workflow, ends: Ends) -> None:
    Server.objects.update(environment=Environment.PRODUCTION)
    assert "web-one is a production server" in ended(2, "run", "Nightly", "server=web-one")
    ends(Status.SUCCESS, Status.SUCCESS)
    assert "SUCCESS" in said("run", "Nightly", "server=web-one", "--confirm")


def test_a_dry_run_says_so(chain: Workflow, ends: Ends) -> None:
    ends(Status.SUCCESS, Status.SUCCESS)
    assert "Nightly, version 1 (dry run)" in said("run", "Nightly", "server=web-one", "--dry-run")
    assert WorkflowRun.objects.get().is_dry_run


def test_the_exit_code_says_how_it_ended(chain: Workflow, ends: Ends) -> None:
    ends(Status.FAILED, error_message="No room.")
    text = ended(1, "run", "Nightly", "server=web-one")
    assert "a: FAILED. No room." in text
    assert "b: CANCELLED. Not begun because a failed." in text
    assert "Nightly: FAILED. It ended because a failed." in text
    ends(Status.CANCELLED)
    assert "Nightly: CANCELLED." in ended(3, "run", "Nightly", "server=web-one")


def test_nothing_that_a_server_printed_drives_the_terminal(chain: Workflow, ends: Ends) -> None:
    ends(Status.FAILED, error_message="\x1b[2Jgone")
    assert "\x1b" not in ended(1, "run", "Nightly", "server=web-one")


def test_a_run_of_before_is_watched(chain: Workflow, admin: User) -> None:
    story = started(chain, actor=admin, inputs={"server": "web-one"}).end("a").end("b")
    assert "a: SUCCEEDED" in said("watch", str(story.run.pk))


def test_what_it_waits_for_is_said(server: Server, admin: User, ends: Ends) -> None:
    made = workflow({"ask": wait(approvals=1), "pause": wait(seconds=60), "z": look(server)})
    story = started(made, actor=admin).end("z", Status.UNKNOWN)

    def stop(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(command.time, "sleep", stop)
        out = io.StringIO()
        with pytest.raises(KeyboardInterrupt):
            call_command("workflow", "watch", str(story.run.pk), stdout=out)
    text = out.getvalue()
    assert f"ask: RUNNING. It waits for approval {Approval.objects.get().pk}" in text
    assert "pause: RUNNING. It waits until " in text
    assert f"Nobody knows how execution {story.execution('z').pk} ended. Decide that." in text


@pytest.mark.parametrize("verb", ["watch", "cancel", "retry"])
def test_there_is_no_run_of_another_id(admin: User, verb: str) -> None:
    assert ended(2, verb, "x") == "x is no id of a run."
    assert "There is no such run" in ended(2, verb, str(uuid4()))


def test_a_run_is_cancelled(server: Server, admin: User) -> None:
    story = started(workflow({"a": look(server)}), actor=admin)
    assert "begins nothing more" in said("cancel", str(story.run.pk))
    story.advance().advance()
    assert story.run.status == "CANCELLED"
    assert "It has ended already" in ended(2, "cancel", str(story.run.pk))


def test_a_run_goes_on_from_what_failed_or_a_node(server: Server, admin: User, ends: Ends) -> None:
    made = workflow({"a": look(server), "b": look(server)}, "a b")
    story = started(made, actor=admin).end("a").end("b", Status.FAILED)
    ends(Status.SUCCESS)
    assert "SUCCESS" in said("retry", str(story.run.pk), "--reason", "Again")
    assert len(story.launched) == 3
    assert "Nothing in it failed" in ended(2, "retry", str(story.run.pk))
    ends(Status.SUCCESS, Status.SUCCESS)
    said("retry", str(story.run.pk), "--node", "a")
    assert len(story.launched) == 5
    assert makers.last_event("AUTOMATION_WORKFLOW_RETRIED").details["nodes"] == ["a"]
    assert "has no node x" in ended(2, "retry", str(story.run.pk), "--node", "x")


def test_it_acts_as_who_is_named(server: Server, admin: User) -> None:
    noc = makers.user("NOC", username="noc")
    story = started(workflow({"a": look(server)}), actor=admin)
    assert "started by another" in ended(2, "cancel", str(story.run.pk), "--as", "noc")
    assert workflow_runs.cancel(actor=admin, run=story.run).cancel_requested_by != noc
