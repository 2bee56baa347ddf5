"""The workflows in the docs: checked against the runbooks that ship, and followed to their end."""

from pathlib import Path
from typing import Any

import pytest

from automation import catalog, workflows
from automation.engine.errors import UnknownRunbook
from automation.engine.testing import reply
from automation.workflows import Definition, Phase, Result, SavedTemplate, State
from tests.automation.runbooks.test_health_check import DF, play

EXAMPLES = sorted(Path("docs/examples/workflows").glob("*.yaml"))
CLEAN_UP = Path("docs/examples/workflows/clean-up-when-full.yaml")


class Shipped:
    """A library with the runbooks that ship, and nothing else."""

    def runbook(self, runbook_id: str, /) -> Any:
        try:
            return catalog.runbooks().get(runbook_id)
        except UnknownRunbook:
            return None

    def template(self, _name: str, /) -> SavedTemplate | None:
        return None

    def has_server(self, _name: str, /) -> bool:
        return False

    def has_group(self, _name: str, /) -> bool:
        return False


def loaded(path: Path) -> Definition:
    return workflows.load(path.read_text())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_nothing_is_wrong_with_an_example(path: Path) -> None:
    assert [str(finding) for finding in workflows.check(loaded(path), Shipped())] == []


def look(disk: str) -> Result:
    """Return what a health check says of a server whose disk is so full."""
    outcome = play(df=reply(DF.format(disk))).outcome
    return Result(success=True, result=outcome.result, data=outcome.data)


def followed(definition: Definition, disk: str) -> dict[str, Phase]:
    """Return how each node has ended when all that runs succeeds."""
    given = {"server": "web-1", "service": "nginx.service"}
    known = {"inputs": workflows.filled_in(definition, given)}
    state = State.new(definition)
    for _ in range(20):
        decisions = workflows.advance(definition, state, known)
        state = workflows.applied(state, decisions)
        for key in decisions.start:
            result = look(disk) if key.startswith("check") else Result(success=True)
            state = workflows.ended(workflows.begun(state, key), key, result)
    return {key: standing.phase for key, standing in state.nodes.items()}


@pytest.mark.parametrize(
    ("disk", "cleans_up"), [("81%", True), ("80%", False), ("24%", False), ("100%", True)]
)
def test_it_cleans_up_only_when_the_disk_is_full(disk: str, cleans_up: bool) -> None:
    ends = followed(loaded(CLEAN_UP), disk)
    done, left = ("clean_up", "enough_room") if cleans_up else ("enough_room", "clean_up")
    assert ends.pop(left) is Phase.SKIPPED
    assert set(ends) == {"check", done, "restart", "check_again"}
    assert set(ends.values()) == {Phase.SUCCEEDED}


def test_disks_that_can_not_be_read_are_not_taken_for_empty_ones() -> None:
    definition = loaded(CLEAN_UP)
    known = {
        "inputs": workflows.filled_in(definition, {"server": "web-1", "service": "nginx.service"})
    }
    state = State.new(definition)
    state = workflows.applied(state, workflows.advance(definition, state, known))
    outcome = play(df=reply("", exit_code=2)).outcome
    unread = Result(success=True, result=outcome.result, data=outcome.data)
    state = workflows.ended(workflows.begun(state, "check"), "check", unread)
    state = workflows.applied(state, workflows.advance(definition, state, known))
    assert state.nodes["clean_up"].phase is Phase.FAILED
    assert "There is no fullestDiskPercent" in state.nodes["clean_up"].reason
    assert state.nodes["restart"].phase is not Phase.READY


def test_it_is_written_as_it_is_kept() -> None:
    definition = loaded(CLEAN_UP)
    assert workflows.load(workflows.dump(definition)) == definition
