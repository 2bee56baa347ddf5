"""Where a run of a workflow stands: its rows as a value, and what became of that as rows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from automation.engine.results import Status, Verdict
from automation.models import Execution, WorkflowRun, WorkflowStep
from automation.workflows import Definition, Phase, Result, Standing, State
from automation.workflows.graph import Graph
from opsmanager.common.clock import database_now
from servers.models import Server

_MOST_ITEMS: Final = 10_000
"""Places between two nodes; more than one may have servers."""
_FEW: Final = 8
_WRITTEN: Final = (
    "phase",
    "reason",
    "result",
    "is_spread",
    "execution",
    "due_at",
    "server",
    "begun_at",
    "ended_at",
)


class Steps:
    """The rows of a run, by node and server, and what changed of them in one look at it."""

    def __init__(self, run: WorkflowRun) -> None:
        self._run = run
        self._rows = {(row.key, row.item): row for row in run.steps.all()}
        self._before = {at: _kept(row) for at, row in self._rows.items()}

    def __iter__(self) -> Iterator[WorkflowStep]:
        """Yield them, nodes before their servers."""
        return iter(self._rows.values())

    def of(self, key: str, item: str | None = None) -> WorkflowStep:
        """Return the row of a node, or of one of its servers."""
        return self._rows[key, item or ""]

    def spread(self, key: str, servers: Iterable[Server]) -> None:
        """Give each server of a node that it runs on a row."""
        position = self.of(key).position
        for place, server in enumerate(servers, 1):
            row = self._rows.get((key, server.name))
            if row is None:
                row = WorkflowStep(run=self._run, key=key, item=server.name)
                self._rows[key, server.name] = row
            row.position = position + place
            row.server = server

    def state(self) -> State:
        """Return them as a value."""
        nodes = {row.key: _standing(row) for row in self if not row.item}
        items: dict[str, dict[str, Standing]] = {key: {} for key in nodes}
        for row in self:
            if row.item:
                items[row.key][row.item] = _standing(row)
        for key, known in items.items():
            if known:
                nodes[key] = replace(nodes[key], items=known)
        return State(nodes=nodes, is_cancelled=self._run.cancel_requested_at is not None)

    def take(self, state: State) -> None:
        """Have the rows say what a state does; of servers it does not know they say nothing."""
        known = set()
        for key, standing in state.nodes.items():
            known.add((key, ""))
            row = self.of(key)
            self._put(row, standing)
            row.is_spread = bool(standing.items) and standing.phase is not Phase.WAITING
            for item, at in (standing.items or {}).items():
                known.add((key, item))
                self._put(self.of(key, item), at)
        self._rows = {at: row for at, row in self._rows.items() if at in known}

    def save(self) -> bool:
        """Write what changed; return whether anything did. Inside the caller's transaction."""
        gone = [at for at in self._before if at not in self._rows]
        for key, item in gone:
            self._run.steps.filter(key=key, item=item).delete()
        new = [row for row in self if row.pk is None]
        changed = [
            row for at, row in self._rows.items() if at in self._before and self._differs(at, row)
        ]
        now = database_now() if new or changed else None
        for row in (*new, *changed):
            _note_times(row, now)
        WorkflowStep.objects.bulk_create(new)
        if len(changed) > _FEW:
            WorkflowStep.objects.bulk_update(changed, _WRITTEN, batch_size=500)
        else:  # as after most looks: that takes a tenth of the time
            for row in changed:
                row.save(update_fields=_WRITTEN)
        return bool(new or changed or gone)

    def _differs(self, at: tuple[str, str], row: WorkflowStep) -> bool:
        return self._before[at] != _kept(row)

    @staticmethod
    def _put(row: WorkflowStep, at: Standing) -> None:
        row.phase = at.phase
        row.reason = at.reason
        row.result = as_json(at.result) if at.result else None
        if at.phase is Phase.WAITING:
            row.execution = row.due_at = None


def make(run: WorkflowRun, definition: Definition) -> None:
    """Give each node of a new run its row, in an order in which they may follow one another."""
    order = Graph.of(definition).order
    WorkflowStep.objects.bulk_create(
        WorkflowStep(run=run, key=key, position=place * _MOST_ITEMS)
        for place, key in enumerate(order, 1)
    )


def result_of(execution: Execution) -> Result:
    """Return what came out of an execution that has ended."""
    status = Status(execution.status)
    is_success = status is Status.SUCCESS
    return Result(
        success=is_success,
        status=status,
        verdict=Verdict(execution.verdict) if execution.verdict else None,
        summary=execution.result_summary,
        error="" if is_success else execution.error_message or execution.result_summary,
        data=execution.context,
        result=execution.result_data,
    )


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as it is kept."""
    return {
        "success": result.success,
        "status": str(result.status),
        "verdict": str(result.verdict) if result.verdict else None,
        "summary": result.summary,
        "error": result.error,
        "data": dict(result.data),
        "result": dict(result.result),
    }


def _standing(row: WorkflowStep) -> Standing:
    kept = row.result
    if kept is None:
        return Standing(phase=Phase(row.phase), reason=row.reason)
    verdict = Verdict(kept["verdict"]) if kept["verdict"] else None
    return Standing(
        phase=Phase(row.phase), reason=row.reason, result=Result(**{**kept, "verdict": verdict})
    )


def _kept(row: WorkflowStep) -> tuple[object, ...]:
    return (
        str(row.phase),
        row.reason,
        row.result,
        row.is_spread,
        row.execution_id,
        row.due_at,
        row.server_id,
    )


def _note_times(row: WorkflowStep, now: datetime | None) -> None:
    """Note when it began and ended, as far as it has."""
    phase = Phase(row.phase)
    if phase in (Phase.WAITING, Phase.READY):
        row.begun_at = row.ended_at = None
    elif phase is Phase.RUNNING:
        row.begun_at, row.ended_at = row.begun_at or now, None
    else:
        if phase in (Phase.SUCCEEDED, Phase.FAILED):
            row.begun_at = row.begun_at or now
        row.ended_at = row.ended_at or now
