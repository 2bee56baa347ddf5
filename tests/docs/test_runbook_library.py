"""The pages of the runbook library say what the declarations say."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

from automation.engine import Param, Run, Runbook, step
from automation.engine.registry import Registry
from automation.management.commands import document_runbooks as command
from tests.docs.fences import DOCS

LIBRARY = DOCS / "runbooks"


def test_the_pages_are_current() -> None:
    wanted = command.pages(command.runbooks_of("automation.runbooks"))

    found = {path.name: path.read_text(encoding="utf-8") for path in LIBRARY.glob("*.md")}

    assert found == wanted, "Write them anew: make manage ARGS=document_runbooks"


def test_the_command_writes_each_page_and_takes_away_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("of a runbook that is no more")

    call_command("document_runbooks", folder=tmp_path, stdout=StringIO())

    assert {path.name for path in tmp_path.iterdir()} == {
        path.name for path in LIBRARY.glob("*.md")
    }


def test_a_package_is_told_from_one_whose_name_only_begins_alike() -> None:
    assert command.runbooks_of("automation.run") == []
    assert command.runbooks_of("automation.runbooks.health_check")


class Wipe(Runbook, registry=Registry()):
    """Wipe a folder.

    Use it with care.
    """

    id = "WIPE"
    title = "Wipe a folder"
    irreversible = "what is wiped is gone."
    required_permissions = ("servers.change_server",)

    depth: int = Param(1, gt=0, lt=9, unit="levels", help="How deep to go")
    owner: str | None = Param(None, help="Only what this user owns")

    @step("Wipe it")
    def wipe(self, run: Run) -> None:
        run.change("true")


class Look(Runbook, registry=Registry()):
    """Look around."""

    id = "LOOK"
    title = "Look around"
    changes = False

    @step("Look")
    def look(self, run: Run) -> None:
        """Look."""


def test_a_page_tells_why_nothing_can_be_taken_back_and_what_else_it_needs() -> None:
    page = command.pages([Wipe])["wipe.md"]

    assert "Nothing can be taken back. What is wiped is gone." in page
    assert "| also needs | `servers.change_server` |" in page
    assert "How deep to go. More than 0, less than 9." in page
    assert "whole number, levels" in page
    assert "| `owner` | text | *none* | Only what this user owns. |" in page
    assert "gives no verdict" in page


def test_a_runbook_without_parameters_says_so() -> None:
    page = command.pages([Look])["look.md"]

    assert "## Parameters\n\nNone." in page
    assert "nothing to take back" in page
