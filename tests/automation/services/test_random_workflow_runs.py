"""Random workflows with rows and launches, interrupted at any place, against the simple model."""

from random import Random
from typing import Any

import pytest
from django.db import OperationalError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.engine.results import Status
from automation.models import Execution, WorkflowStep
from automation.selectors import workflow_runs as selectors
from automation.services import executions, workflow_progress
from automation.services.executions import Launch
from opsmanager.accounts.models import User
from servers.models import Server
from tests.automation import makers
from tests.automation.services.workflow_story import Story, started, workflow
from tests.automation.workflows.model import (
    INPUTS,
    RAN_BADLY,
    RAN_WELL,
    Model,
    require_as_the_model_says,
)
from tests.automation.workflows.test_random_workflows import plans

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

_STATUS = {RAN_WELL: Status.SUCCESS, RAN_BADLY: Status.FAILED, "CANCELLED": Status.CANCELLED}
_INPUTS = [
    {"name": "yes", "type": "boolean"},
    {"name": "no", "type": "boolean"},
    {"name": "three", "type": "integer"},
    {"name": "word", "type": "string"},
]


class Interrupted:
    """Launches, unless the database is away at that very moment."""

    def __init__(self, by: Random) -> None:
        self.by = by
        self.launch = executions.stored

    def __call__(self, asked: Launch) -> Execution:
        if self.by.random() < 0.15:
            raise OperationalError("the server closed the connection unexpectedly")
        launched = self.launch(asked)
        if self.by.random() < 0.15:
            raise OperationalError("the server closed the connection unexpectedly")
        return launched


class Drive:
    """Ends executions in any order, and goes on with the run from time to time."""

    def __init__(self, plan: Any, by: Random, servers: list[Server]) -> None:
        raw, outcomes = plan
        # A run on no server at all is refused at its start.
        self.outcomes = {key: found or [RAN_BADLY] for key, found in outcomes.items()}
        self.model = Model(raw, self.outcomes)
        self.by = by
        self.servers = servers
        self.raw = raw

    def start(self, actor: User) -> Story:
        nodes: dict[str, Any] = {}
        for key, planned in self.raw["nodes"].items():
            node = {**planned, "runbook": "SAMPLE_LOOKING"}
            if "forEach" in node:
                names = [server.name for server in self.servers[: len(self.outcomes[key])]]
                spread = {k: v for k, v in node["forEach"].items() if k != "group" and v}
                node["forEach"] = {**spread, "servers": names}
            else:
                node["server"] = self.servers[0].name
            nodes[key] = node
        made = workflow(nodes, *self.raw["edges"], inputs=_INPUTS)
        self.story = started(made, actor=actor, inputs=INPUTS)
        return self.story

    def to_the_end(self) -> None:
        for _ in range(400):
            if self.story.run.is_final:
                return
            running = self._running()
            if running and self.by.random() < 0.7:
                self._end(self.by.choice(running))
            else:
                self._look()
        raise AssertionError("It does not end.")

    def _look(self) -> None:
        before = self.launched()
        try:
            with transaction.atomic():  # as a worker that dies leaves it
                workflow_progress.advance(self.story.run.pk)
        except OperationalError:
            assert self.launched() == before
        self.story.run.refresh_from_db()
        for key in {key for key, _ in self.launched() - before}:
            self._require_its_turn(key)

    def _running(self) -> list[WorkflowStep]:
        rows = self.story.run.steps.filter(
            phase="RUNNING", execution__status__in=[Status.PENDING, Status.RUNNING]
        )
        return list(rows.order_by("position"))

    def _end(self, row: WorkflowStep) -> None:
        names = [server.name for server in self.servers]
        place = names.index(row.item) if row.item else 0
        self.story.end_quietly(row.key, _STATUS[self.outcomes[row.key][place]], item=row.item)

    def launched(self) -> set[tuple[str, str]]:
        rows = Execution.objects.filter(workflow_run_id=self.story.run.pk)
        found = list(rows.values_list("workflow_node", "server__name"))
        assert len(found) == len(set(found)), "Something was launched twice."
        return set(found)

    def _require_its_turn(self, key: str) -> None:
        done = {row.key for row in self.story.run.steps.filter(item="", ended_at__isnull=False)}
        edges = self.model.edges_to(key)
        if self.model.raw["nodes"][key]["join"] == "all":
            assert {each["from"] for each in edges} <= done
        assert not edges or any(self.model.fires(e) and e["from"] in done for e in edges)


@pytest.fixture
def servers() -> list[Server]:
    return [makers.server() for _ in range(5)]


@pytest.mark.parametrize("seed", range(4))
def test_runs_that_are_interrupted_come_to_what_the_model_says(
    servers: list[Server], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    actor, stored = makers.admin(), executions.stored

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(plan=plans(), number=st.integers(0, 2**32 - 1))
    def holds(plan: Any, number: int) -> None:
        monkeypatch.setattr(executions, "stored", stored)
        with transaction.atomic():
            by = Random(f"{seed} {number}")
            drive = Drive(plan, by, servers)
            story = drive.start(actor)
            monkeypatch.setattr(executions, "stored", Interrupted(by))
            drive.to_the_end()
            phases = {row.key: row.phase for row in story.run.steps.filter(item="")}
            ran = {key for key, _server in drive.launched()}
            require_as_the_model_says(drive.model, phases, ran, story.run.status)
            assert not selectors.due().filter(pk=story.run.pk).exists()
            transaction.set_rollback(True)

    holds()
