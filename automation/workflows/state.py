"""Where a run of a workflow stands, as a value: what is known of each node and of its items.

Whoever keeps runs makes a :class:`State` of its rows, asks
:func:`automation.workflows.progress.advance` what to do, and notes what became of it. The functions
here return the state after something has happened. What has ended never changes by them: news that
come twice, or late, change nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from automation.engine.results import Status, Verdict
from automation.workflows.definition import Definition
from automation.workflows.errors import ProgressInvalid


class Phase(StrEnum):
    """How far a node, or one of the servers it runs on, has come."""

    WAITING = "WAITING"
    READY = "READY"
    """It was decided to start it, and it has not begun yet; it is decided anew until it has."""
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    """None of its edges can fire any more, or enough of its fellows have failed."""
    CANCELLED = "CANCELLED"
    """A person ended it, or it was not begun because the workflow stops."""

    @property
    def has_ended(self) -> bool:
        """Whether it stays as it is."""
        return self not in (Phase.WAITING, Phase.READY, Phase.RUNNING)

    @property
    def is_under_way(self) -> bool:
        """Whether it was decided to start it and it has not ended."""
        return self in (Phase.READY, Phase.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came out of running a node, or one of its items; templates read it."""

    success: bool
    status: str = ""
    """The execution's own, such as TIMEOUT."""
    verdict: Verdict | None = None
    summary: str = ""
    error: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What the steps of the runbook shared, JSON."""
    result: Mapping[str, Any] = field(default_factory=dict)
    """The runbook's own result, JSON."""

    @property
    def phase(self) -> Phase:
        """The phase in which it leaves what ran."""
        if self.status == Status.CANCELLED:
            return Phase.CANCELLED
        return Phase.SUCCEEDED if self.success else Phase.FAILED


RESULT_PARTS: Final = (
    "status",
    "success",
    "verdict",
    "summary",
    "error",
    "data",
    "result",
    "items",
)
"""What templates may name of a result."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a node, or one of its items, stands."""

    phase: Phase = Phase.WAITING
    reason: str = ""
    """Why it was skipped, failed without running, or was not begun: a sentence."""
    result: Result | None = None
    """What came out of it, where it ran; a node of several servers has it only in its items."""
    items: Mapping[str, "Standing"] | None = None
    """Of a node for several servers: each by its name or id, once they are known."""

    def known(self) -> dict[str, Any]:
        """Return what templates see of it."""
        result = self.result or Result(
            success=self.phase is Phase.SUCCEEDED,
            summary=self.reason,
            error=self.reason if self.phase is Phase.FAILED else "",
        )
        status = Status.SUCCESS if self.phase is Phase.SUCCEEDED else self.phase
        return {
            "status": str(result.status or status),
            "success": result.success,
            "verdict": None if result.verdict is None else str(result.verdict),
            "summary": result.summary,
            "error": result.error,
            "data": result.data,
            "result": result.result,
            "items": {key: item.known() for key, item in (self.items or {}).items()},
        }


class Results(Mapping[str, dict[str, Any]]):
    """What templates see of the nodes that have ended, by their keys; worked out when asked for."""

    def __init__(self, nodes: Mapping[str, Standing]) -> None:
        self._nodes = nodes

    def __getitem__(self, key: str) -> dict[str, Any]:
        if not self._nodes[key].phase.has_ended:
            raise KeyError(key)
        return self._nodes[key].known()

    def __iter__(self) -> Iterator[str]:
        return (key for key, at in self._nodes.items() if at.phase.has_ended)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a run of a workflow stands."""

    nodes: Mapping[str, Standing]
    is_cancelled: bool = False
    """Whether a person has asked to end it."""

    @classmethod
    def new(cls, definition: Definition) -> "State":
        """Return the state of a run that has not begun."""
        return cls(nodes={key: Standing() for key in definition.nodes})

    def results(self) -> Results:
        """Return what templates see of the nodes that have ended."""
        return Results(self.nodes)

    def put(self, key: str, standing: Standing) -> "State":
        """Return the state with one node standing so."""
        return replace(self, nodes={**self.nodes, key: standing})


def cancelled(state: State) -> State:
    """Return the state after a person has asked to end the run."""
    return replace(state, is_cancelled=True)


def begun(state: State, key: str, item: str | None = None) -> State:
    """Return the state after a node, or one of its items, has begun to run."""
    standing = _found(state, key, item)
    if standing.phase.has_ended:
        return state
    return _put(state, key, item, replace(standing, phase=Phase.RUNNING))


def spread(state: State, key: str, items: Iterable[str]) -> State:
    """Return the state after it became known on which servers a node runs; it has then begun.

    What is known of one of them from before stays, such as that it succeeded before a retry.
    """
    standing = _found(state, key)
    is_spread = standing.phase is Phase.RUNNING and standing.items is not None
    if standing.phase.has_ended or is_spread:
        return state
    before = standing.items or {}
    known = {item: before.get(item, Standing()) for item in items}
    return state.put(key, replace(standing, phase=Phase.RUNNING, items=known))


def ended(state: State, key: str, result: Result, item: str | None = None) -> State:
    """Return the state after the execution of a node, or of one of its items, has ended.

    It may come before the news that it began. The first result counts.
    """
    standing = _found(state, key, item)
    if standing.phase.has_ended:
        return state
    reason = "" if result.success else (result.error or result.summary)
    return _put(
        state, key, item, replace(standing, phase=result.phase, reason=reason, result=result)
    )


def _found(state: State, key: str, item: str | None = None) -> Standing:
    """Return how something stands. Raises :class:`ProgressInvalid` for what there is not."""
    try:
        node = state.nodes[key]
        return node if item is None else (node.items or {})[item]
    except KeyError:
        named = key if item is None else f"{key} on {item}"
        raise ProgressInvalid(f"This run has no {named}.") from None


def _put(state: State, key: str, item: str | None, standing: Standing) -> State:
    if item is None:
        return state.put(key, standing)
    node = state.nodes[key]
    return state.put(key, replace(node, items={**(node.items or {}), item: standing}))
