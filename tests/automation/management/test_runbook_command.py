import io
import sys
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from automation.management.commands import runbook as command
from automation.models import Execution, Priority
from automation.runner.secret_parameters import opened
from opsmanager.accounts.models import User
from servers.models import Environment, Server
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def admin() -> User:
    return makers.admin(username="admin")


@pytest.fixture
def server() -> Server:
    return makers.server(name="web-one")


def said(*words: str) -> str:
    out = io.StringIO()
    call_command("runbook", *words, stdout=out)
    return out.getvalue()


def refused(*words: str) -> str:
    before = Execution.objects.count()
    with pytest.raises(CommandError) as caught:
        said(*words)
    assert caught.value.returncode == 2
    assert Execution.objects.count() == before
    return str(caught.value)


@pytest.fixture
def at_end(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says how executions end: while the command waits between two looks, as workers do."""

    def let(**fields: object) -> None:
        monkeypatch.setattr(
            command.time, "sleep", lambda _seconds: Execution.objects.update(**fields)
        )

    return let


def test_the_library_is_listed() -> None:
    makers.entry("SAMPLE_LOOKING", is_active=False)
    listed = said("list").splitlines()
    assert "SAMPLE_MENDING           Mend a file" in listed
    assert "SAMPLE_LOOKING           Look (switched off)" in listed
    assert listed == sorted(listed)


def test_one_runbook_is_shown_with_its_parameters_and_steps() -> None:
    shown = said("show", "SAMPLE_MENDING")
    assert shown.startswith("SAMPLE_MENDING: Mend a file\nMake sure that a file is there.")
    assert "  path (text, required): The file" in shown
    assert "  1. Make the file" in shown
    assert "default 3): How often" in said("show", "SAMPLE_EVERY_KIND")


def test_an_unknown_runbook_is_refused() -> None:
    assert refused("show", "GONE") == "There is no runbook GONE."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "SAMPLE_MENDING", "nowhere", "path=/x"), "There is no server nowhere."),
        (("run", "GONE", "web-one"), "There is no runbook GONE, or you may not see it."),
        (("run", "SAMPLE_MENDING", "web-one", "path"), "path must look like name=value."),
        (
            ("run", "SAMPLE_MENDING", "web-one", "--user", "nobody"),
            "There is no user nobody. Name one with --user.",
        ),
        (("watch", "x"), "x is no id of an execution."),
        (("watch", "00000000-0000-0000-0000-000000000007"), "There is no such execution"),
        (("run", "SAMPLE_DANGEROUS", "web-one"), "say that you mean it"),
        (("run", "SAMPLE_MENDING", "web-one", "path=/x", "--force"), "  reason: Give the reason"),
        (
            ("run", "SERVICE_RESTART", "web-one", "serviceName=nginx; rm -rf /"),
            "  serviceName: ",
        ),
    ],
)
@pytest.mark.usefixtures("admin", "server")
def test_a_refusal_is_a_sentence_and_the_exit_code_2(words: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused(*words)


@pytest.mark.usefixtures("server")
def test_who_runs_it_is_checked_as_everywhere() -> None:
    makers.user(username="anna")
    words = ("run", "SAMPLE_MENDING", "web-one", "path=/x", "--user", "anna")
    assert "You may not run runbooks on web-one." in refused(*words)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("SUCCESS", 0),
        ("FAILED", 1),
        ("ROLLED_BACK", 1),
        ("CANCELLED", 3),
        ("TIMEOUT", 4),
        ("UNKNOWN", 5),
    ],
)
@pytest.mark.usefixtures("admin", "server")
def test_the_exit_code_says_how_it_ended(
    at_end: Callable[..., None], status: str, code: int
) -> None:
    at_end(status=status, error_code="INTERNAL" if code else "")
    words = ("run", "SAMPLE_LOOKING", "web-one")
    if not code:
        assert "succeeded." in said(*words)
        return
    with pytest.raises(CommandError) as caught:
        said(*words)
    assert caught.value.returncode == code
    assert str(caught.value) == f"{status} INTERNAL"


@pytest.mark.usefixtures("server")
def test_a_run_is_launched_as_it_was_asked_for(
    at_end: Callable[..., None], admin: User, server: Server
) -> None:
    server.environment = Environment.PRODUCTION
    server.save()
    at_end(status="SUCCESS", result_summary="Done.")
    shown = said(
        "run",
        "SAMPLE_SCRIPTED",
        "web-one",
        "reads=true",
        "reads=id",
        "reads=a=b",
        "writes=touch /tmp/x",
        "limit=9",
        "--reason",
        "It is down.",
        "--priority",
        "HIGH",
        "--confirm",
    )
    execution = Execution.objects.get()
    assert execution.parameters == {
        "reads": ["true", "id", "a=b"],
        "writes": ["touch /tmp/x"],
        "limit": 9,
        "asRoot": False,
    }
    assert (execution.priority, execution.reason) == (Priority.HIGH, "It is down.")
    assert (execution.triggered_by_user, execution.is_dry_run) == (admin, False)
    assert shown.startswith(f"{execution.pk}  Run scripts on web-one, started by admin, waits")
    assert shown.count("Waits for a free worker.") == 1
    assert shown.endswith("Run scripts on web-one, started by admin, succeeded.\nDone.\n")


@pytest.mark.usefixtures("admin", "server")
def test_a_list_may_have_one_item(at_end: Callable[..., None]) -> None:
    at_end(status="SUCCESS")
    said("run", "SAMPLE_SCRIPTED", "web-one", "reads=true", "as_root=yes")
    parameters = Execution.objects.get().parameters
    assert (parameters["reads"], parameters["asRoot"]) == (["true"], True)


@pytest.mark.usefixtures("admin", "server")
def test_what_takes_one_value_is_given_once() -> None:
    told = refused("run", "SAMPLE_SCRIPTED", "web-one", "limit=1", "limit=2")
    assert told == "limit is given twice, and takes one value."


@pytest.mark.usefixtures("admin", "server")
def test_a_dry_run_is_one(at_end: Callable[..., None]) -> None:
    at_end(status="SUCCESS")
    assert "Dry run of Mend a file" in said("dry-run", "SAMPLE_MENDING", "web-one", "path=/x")
    assert Execution.objects.get().is_dry_run


def test_watching_prints_each_command_once_it_has_ended(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = makers.execution(status="RUNNING", triggered_by_user=admin)
    makers.log_row(execution, 1, command="echo one", stdout="one\n\n", step_name="Look")
    makers.log_row(execution, 2, command="rm x", status="PLANNED", stdout="", step_name="Look")
    makers.log_row(
        execution,
        3,
        command="false",
        status="RUNNING",
        stdout="",
        stderr="oops\n",
        step_number=2,
        step_name="Change",
    )

    def end(_seconds: float) -> None:
        execution.logs.filter(seq=3).update(status="FAILED", error_message="It failed.")
        Execution.objects.update(status="FAILED", error_code="COMMAND_FAILED", error_message="No.")

    monkeypatch.setattr(command.time, "sleep", end)
    out = io.StringIO()
    with pytest.raises(CommandError, match="FAILED COMMAND_FAILED"):
        call_command("runbook", "watch", str(execution.pk), stdout=out)
    lines = out.getvalue().splitlines()[1:]
    assert lines[:-2] == [
        "",
        "== Look",
        "$ echo one",
        "one",
        "$ (not sent) rm x",
        "",
        "== Change",
        "$ (FAILED) false",
        "oops",
        "It failed.",
        "",
    ]
    assert lines[-2].endswith("failed.")
    assert lines[-1] == "No."


@pytest.mark.usefixtures("admin")
def test_a_cooldown_is_told_in_a_sentence(server: Server) -> None:
    makers.execution(server=server)
    told = refused("run", "SAMPLE_MENDING", "web-one", "path=/x")
    assert told.startswith("Mend a file ran on web-one a short time ago.")
    assert "\n" not in told


def test_watching_what_nobody_may_see_is_refused() -> None:
    makers.user("HR", username="admin")
    execution = makers.execution()
    assert "There is no such execution" in refused("watch", str(execution.pk))
    assert "There is no such execution" in refused("watch", str(uuid4()))


def test_a_secret_is_refused_on_the_command_line(admin: User, server: Server) -> None:
    said = refused("run", "SAMPLE_SECRETIVE", "web-one", "password=hunter2", "path=/tmp/x")
    assert said.startswith("password is secret, and a command line can be read by others.")
    assert "hunter2" not in said


def test_a_secret_is_read_from_standard_input(
    admin: User, server: Server, at_end: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_end(status="SUCCESS")
    monkeypatch.setattr(sys, "stdin", io.StringIO("hunter2\n"))
    told = said("run", "SAMPLE_SECRETIVE", "web-one", "password=-", "path=/tmp/x")
    assert "hunter2" not in told
    assert opened(Execution.objects.get()) == {"password": "hunter2"}
