"""What a run of a workflow does next: a state machine without a clock, a database or a worker.

:func:`advance` looks at where everything stands and says what to do. It decides by the state alone:
asked twice, it says the same twice, and in whatever order results come in, what follows from all of
them is the same. So whoever was interrupted asks again.

The rules:

- An edge can fire once its beginning has succeeded or failed, as its ``on`` wants, and its ``when``
  holds. Of a node that was skipped or cancelled none fires.
- A node that joins all starts once it is known of every incoming edge whether it fires, and one
  does; one that joins any, with the first that fires. Where none can fire any more it is skipped.
- A condition that can't be worked out fails the node that it leads to, unless that has started.
- A failed node with ``onFailure: stop`` and no edge on its failure stops the workflow: what runs
  ends, nothing is waited for, nothing new starts, and it has FAILED. So does one that a person
  cancelled, whatever edges it has; it is CANCELLED then.
- Where a failed node with ``onFailure: stop`` has edges on its failure and none of them fired, the
  rest goes on, and in the end it has FAILED: nobody took care of that failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from automation.engine.results import Status
from automation.workflows import expressions
from automation.workflows.decisions import Decisions, Outcome, Settled, settled
from automation.workflows.definition import Definition, Edge, Join, On, OnFailure, Wait
from automation.workflows.errors import ProgressInvalid
from automation.workflows.graph import Graph
from automation.workflows.items import end_of, next_of
from automation.workflows.state import Phase, Results, Standing, State
from opsmanager.common.sandbox import TemplateInvalid


def advance(definition: Definition, state: State, known: Mapping[str, Any]) -> Decisions:
    """Return what to do now.

    ``definition`` is one in which :func:`automation.workflows.checking.check` found nothing wrong;
    ``known`` has ``inputs``, and the state's results are added.
    """
    return _Look(definition, state, known).decisions()


def again(definition: Definition, state: State, from_node: str) -> State:
    """Return the state in which a node, and all that depends on it, has yet to run.

    So has what was not begun because the workflow stopped. Of a node for several servers, those
    that succeeded stay. Where several nodes have failed, call it for each. Raises
    :class:`ProgressInvalid` unless the node has ended and nothing that depends on it is running.
    """
    if from_node not in state.nodes or not state.nodes[from_node].phase.has_ended:
        raise ProgressInvalid(f"{from_node} has not ended, so it can't be tried again.")
    left_out = {key for key, at in state.nodes.items() if _was_left_out(at)}
    first = left_out | {from_node}
    back = Graph.of(definition).reached_from(first)
    busy = sorted(key for key in back if state.nodes[key].phase.is_under_way)
    if busy:
        raise ProgressInvalid(f"Wait until these have ended: {', '.join(busy)}.")
    fresh = {key: _anew(state.nodes[key]) if key in first else Standing() for key in back}
    return State(nodes={**state.nodes, **fresh})


def _was_left_out(at: Standing) -> bool:
    """Say whether a node, or some of its items, was not begun because the workflow stopped."""
    if at.phase is not Phase.CANCELLED:
        return False
    return any(map(_was_left_out, at.items.values())) if at.items else at.result is None


def _anew(at: Standing) -> Standing:
    done = {key: i for key, i in (at.items or {}).items() if i.phase is Phase.SUCCEEDED}
    return Standing(items=done or None) if at.phase is not Phase.SUCCEEDED else Standing()


class _Verdict(Enum):
    """What is known of an edge."""

    OPEN = auto()
    FIRES = auto()
    DEAD = auto()
    BROKEN = auto()
    """Its condition can't be worked out."""


@dataclass(frozen=True, kw_only=True)
class _Halt:
    """Why nothing new starts, and how the workflow ends then."""

    status: Status
    cause: str


class _Look:
    """One look at a run: what is decided is seen at once by what comes behind it."""

    def __init__(self, definition: Definition, state: State, known: Mapping[str, Any]) -> None:
        self._definition = definition
        self._graph = Graph.of(definition)
        self._is_cancelled = state.is_cancelled
        self._now = dict(state.nodes)
        self._known = {**known, "results": Results(self._now)}
        self._start: list[str] = []
        self._start_items: list[tuple[str, str]] = []
        self._settled: list[Settled] = []

    def decisions(self) -> Decisions:
        halt = self._halt()
        if halt is None:
            self._go_on()
            halt = self._halt()  # by a failure that has just been found
        if halt is not None:
            self._stop(halt)
            # By what had begun on some of its servers and ends now, the end may be a worse one.
            halt = self._halt()
        return Decisions(
            start=tuple(self._start),
            start_items=tuple(self._start_items),
            settle=tuple(self._settled),
            outcome=self._outcome(halt),
        )

    def _halt(self) -> _Halt | None:
        """Return how the workflow is going to end, where nothing new may start."""
        if self._is_cancelled:
            return _Halt(status=Status.CANCELLED, cause="the workflow was cancelled")
        stopping = [key for key in self._graph.order if self._stops(key)]
        for phase, status, verb in (
            (Phase.FAILED, Status.FAILED, "failed"),
            (Phase.CANCELLED, Status.CANCELLED, "was cancelled"),
        ):
            causes = [key for key in stopping if self._now[key].phase is phase]
            if causes:
                return _Halt(status=status, cause=f"{causes[0]} {verb}")
        return None

    def _stops(self, key: str) -> bool:
        if self._definition.nodes[key].on_failure is OnFailure.CONTINUE:
            return False
        at = self._now[key]
        if at.phase is Phase.FAILED:
            return all(edge.on is On.SUCCESS for edge in self._graph.outgoing[key])
        return at.phase is Phase.CANCELLED and not _was_left_out(at)

    def _go_on(self) -> None:
        for key in self._graph.order:
            at = self._now[key]
            if at.phase is Phase.READY:
                self._start.append(key)
            elif at.phase is Phase.WAITING:
                self._look_at(key)
            elif at.phase is Phase.RUNNING and at.items is not None:
                self._look_at_items(key, at.items)
            if self._stops(key):
                return

    def _look_at(self, key: str) -> None:
        """Decide on a node that waits."""
        incoming = self._graph.incoming[key]
        found = [self._verdict(edge) for edge in incoming]
        verdicts = [verdict for verdict, _ in found]
        fires = _Verdict.FIRES in verdicts or not incoming
        if fires and self._graph.joins[key] is Join.ANY:
            self._start.append(key)
        elif _Verdict.OPEN in verdicts:
            return
        elif _Verdict.BROKEN in verdicts:
            reason = next(why for verdict, why in found if verdict is _Verdict.BROKEN)
            self._settle(Settled(key=key, phase=Phase.FAILED, reason=reason))
        elif fires:
            self._start.append(key)
        else:
            reason = " ".join(dict.fromkeys(why for _, why in found))
            self._settle(Settled(key=key, phase=Phase.SKIPPED, reason=reason))

    def _verdict(self, edge: Edge) -> tuple[_Verdict, str]:
        """Return what is known of an edge, and why it does not fire."""
        at = self._now[edge.from_]
        if not at.phase.has_ended:
            return _Verdict.OPEN, ""
        if at.phase in (Phase.SKIPPED, Phase.CANCELLED):
            word = "skipped" if at.phase is Phase.SKIPPED else "cancelled"
            return _Verdict.DEAD, f"{edge.from_} was {word}."
        failed = at.phase is Phase.FAILED
        if not edge.leads_on(failed=failed):
            wanted, was = ("success", "failed") if failed else ("failure", "succeeded")
            return _Verdict.DEAD, f"It follows the {wanted} of {edge.from_}, which {was}."
        return self._condition(edge)

    def _condition(self, edge: Edge) -> tuple[_Verdict, str]:
        try:
            if edge.when is None or expressions.evaluate(edge.when, self._known):
                return _Verdict.FIRES, ""
        except TemplateInvalid as problem:
            return (
                _Verdict.BROKEN,
                f"The condition behind {edge.from_} can't be worked out. {problem}",
            )
        return _Verdict.DEAD, f"The condition behind {edge.from_} does not hold: {edge.when}."

    def _look_at_items(self, key: str, items: Mapping[str, Standing]) -> None:
        """Decide on the servers of a node that runs on several."""
        ready, left_out = next_of(key, items, self._definition.nodes[key])
        self._start_items += [(key, item) for item in ready]
        self._settle_items(key, left_out)

    def _settle_items(self, key: str, left_out: tuple[Settled, ...]) -> None:
        for each in left_out:
            self._settle(each)
        end = end_of(key, self._now[key].items or {})
        if end is not None:
            self._settle(end)

    def _settle(self, how: Settled) -> None:
        self._settled.append(how)
        self._now[how.key] = settled(self._now[how.key], how)

    def _stop(self, halt: _Halt) -> None:
        """Leave out what has not begun."""
        self._start.clear()
        self._start_items.clear()
        reason = f"Not begun because {halt.cause}."
        for key in self._graph.order:
            at = self._now[key]
            waits = isinstance(self._definition.nodes[key], Wait) and at.phase is Phase.RUNNING
            if at.phase in (Phase.WAITING, Phase.READY) or waits:
                self._settle(Settled(key=key, phase=Phase.CANCELLED, reason=reason))
            elif at.phase is Phase.RUNNING and at.items is not None:
                left = [i for i, s in at.items.items() if s.phase in (Phase.WAITING, Phase.READY)]
                how = (Settled(key=key, item=i, phase=Phase.CANCELLED, reason=reason) for i in left)
                self._settle_items(key, tuple(how))

    def _is_neglected(self, key: str) -> bool:
        """Say whether nothing was done about a failure; only known once all has ended."""
        if self._definition.nodes[key].on_failure is OnFailure.CONTINUE:
            return False
        verdicts = (self._verdict(edge)[0] for edge in self._graph.outgoing[key])
        return _Verdict.FIRES not in verdicts

    def _outcome(self, halt: _Halt | None) -> Outcome | None:
        if not all(at.phase.has_ended for at in self._now.values()):
            return None
        if halt is not None:
            return Outcome(status=halt.status, reason=f"It ended because {halt.cause}.")
        failed = [key for key in self._graph.order if self._now[key].phase is Phase.FAILED]
        neglected = next(filter(self._is_neglected, failed), None)
        if neglected is not None:
            reason = f"{neglected} failed, and no edge on its failure fired."
            return Outcome(status=Status.FAILED, reason=reason)
        passed = f" What failed was passed over: {', '.join(failed)}." if failed else ""
        return Outcome(status=Status.SUCCESS, reason=f"All has ended.{passed}")
