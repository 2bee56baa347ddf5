from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from automation.engine.results import Status
from automation.workflows import (
    Phase,
    Result,
    State,
    advance,
    again,
    applied,
    begun,
    cancelled,
    ended,
    parsed,
    spread,
)
from automation.workflows.graph import Graph
from tests.automation.workflows.model import (
    CONDITIONS,
    INPUTS,
    RAN_BADLY,
    RAN_UNTIL_CANCELLED,
    RAN_WELL,
    Model,
    require_as_the_model_says,
)

KNOWN = {"inputs": INPUTS}
OUTCOMES = [RAN_WELL] * 4 + [RAN_BADLY, RAN_BADLY, RAN_UNTIL_CANCELLED]


@st.composite
def plans(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return a workflow as JSON, and what comes out of each node, or of each of its servers."""
    keys = list("abcdefgh")[: draw(st.integers(1, 8))]
    order = draw(st.permutations(keys))
    nodes: dict[str, Any] = {}
    outcomes: dict[str, list[str]] = {}
    for key in keys:
        nodes[key] = {
            "kind": "run",
            "runbook": "CHECK",
            "join": draw(st.sampled_from(["all", "any"])),
            "onFailure": draw(st.sampled_from(["stop", "continue", "continue"])),
        }
        count = 1
        if draw(st.booleans()):
            nodes[key]["forEach"] = {
                "group": "web",
                "maxParallel": draw(st.none() | st.integers(1, 3)),
                "stopAfterFailures": draw(st.none() | st.integers(1, 3)),
            }
            count = draw(st.sampled_from([0, 1, 2, 3, 5]))
        outcomes[key] = draw(
            st.lists(st.sampled_from(OUTCOMES), min_size=count, max_size=count),
        )
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=14)) if pairs else []
    edges = [
        {
            "from": first,
            "to": last,
            "on": draw(st.sampled_from(["success", "success", "failure", "always"])),
            "when": draw(st.sampled_from([None, None, None, *CONDITIONS])),
        }
        for first, last in chosen
    ]
    return {"name": "x", "nodes": nodes, "edges": edges}, outcomes


class Drive:
    """Runs a workflow to its end, one event after the other in any order, and watches it."""

    def __init__(self, raw: dict[str, Any], outcomes: dict[str, list[str]], by: Random) -> None:
        self.definition = parsed(raw)
        self.graph = Graph.of(self.definition)
        self.model = Model(raw, outcomes)
        self.outcomes = outcomes
        self.by = by
        self.state = State.new(self.definition)
        self.started: list[str | tuple[str, str]] = []
        self.ran: list[str] = []
        self.is_stopped = False

    def to_the_end(self, *, cancel_after: int | None = None) -> Any:
        for step in range(200):
            if step == cancel_after:
                self.state = cancelled(self.state)
            decided = self._decide()
            if decided.outcome is not None:
                return decided.outcome
            self._happen(decided)
        raise AssertionError("It does not end.")

    def _decide(self) -> Any:
        before = self.state
        decided = advance(self.definition, before, KNOWN)
        assert advance(self.definition, before, KNOWN) == decided
        if self.is_stopped or before.is_cancelled:
            assert not decided.start
            assert not decided.start_items
        self.state = applied(before, decided)
        repeated = advance(self.definition, self.state, KNOWN)
        assert set(repeated.start) == set(decided.start)
        assert set(repeated.start_items) == set(decided.start_items)
        assert not repeated.settle
        assert repeated.outcome == decided.outcome
        assert applied(self.state, repeated) == self.state
        self._require_that_nothing_ended_changes(before)
        self._require_bounds()
        return decided

    def _require_that_nothing_ended_changes(self, before: State) -> None:
        for key, at in before.nodes.items():
            if at.phase.has_ended:
                assert self.state.nodes[key] == at
            for item, inner in (at.items or {}).items():
                if inner.phase.has_ended:
                    assert (self.state.nodes[key].items or {})[item] == inner

    def _require_bounds(self) -> None:
        for key, at in self.state.nodes.items():
            most = self.model.raw["nodes"][key].get("forEach", {}).get("maxParallel")
            if most is not None and at.items:
                assert sum(i.phase.is_under_way for i in at.items.values()) <= most

    def _happen(self, decided: Any) -> None:
        """Let one thing happen that can."""
        before = self.state
        events: list[tuple[str, str, str | None]] = [("node", key, None) for key in decided.start]
        events += [("item", key, item) for key, item in decided.start_items]
        events += self._running()
        assert events, "Nothing runs, and it has not ended."
        kind, key, item = self.by.choice(events)
        if kind == "node":
            self._start(key)
        elif kind == "item":
            assert item is not None
            assert (key, item) not in self.started
            self.started.append((key, item))
            self.state = begun(self.state, key, item)
        else:
            self._end(key, item)
        self._require_that_nothing_ended_changes(before)

    def _running(self) -> list[tuple[str, str, str | None]]:
        found: list[tuple[str, str, str | None]] = []
        for key, at in self.state.nodes.items():
            if at.phase is Phase.RUNNING and at.items is None:
                found.append(("end", key, None))
            elif at.phase is Phase.RUNNING:
                items = (at.items or {}).items()
                found += [("end", key, i) for i, s in items if s.phase is Phase.RUNNING]
        return found

    def _start(self, key: str) -> None:
        self._require_its_turn(key)
        assert key not in self.started
        self.started.append(key)
        self.ran.append(key)
        if "forEach" in self.model.raw["nodes"][key]:
            items = [str(number) for number in range(len(self.outcomes[key]))]
            self.state = spread(self.state, key, items)
        else:
            self.state = begun(self.state, key)

    def _require_its_turn(self, key: str) -> None:
        """Require that what a node waits for has ended when it starts."""
        done = {k for k, at in self.state.nodes.items() if at.phase.has_ended}
        edges = self.model.edges_to(key)
        if self.model.raw["nodes"][key]["join"] == "all":
            assert {each["from"] for each in edges} <= done
        assert not edges or any(self.model.fires(e) and e["from"] in done for e in edges)
        assert self.graph.surely_before[key] <= done

    def _end(self, key: str, item: str | None) -> None:
        outcome = self.outcomes[key][int(item or 0)]
        result = Result(
            success=outcome == RAN_WELL,
            status="CANCELLED" if outcome == RAN_UNTIL_CANCELLED else "",
        )
        self.state = ended(self.state, key, result, item)
        late = ended(self.state, key, Result(success=outcome != RAN_WELL), item)
        assert begun(late, key, item) == self.state
        if item is None and self.model.stops(key, outcome):
            self.is_stopped = True


@settings(max_examples=250, deadline=None)
@given(plan=plans(), by=st.randoms())
def test_what_runs_and_how_it_ends_is_what_the_model_says(plan: Any, by: Random) -> None:
    raw, outcomes = plan
    drive = Drive(raw, outcomes, by)
    outcome = drive.to_the_end()
    phases = {key: str(at.phase) for key, at in drive.state.nodes.items()}
    require_as_the_model_says(drive.model, phases, set(drive.ran), outcome.status)


@settings(max_examples=80, deadline=None)
@given(plan=plans(), by=st.randoms(), after=st.integers(0, 12))
def test_a_cancelled_run_starts_nothing_more_and_ends(plan: Any, by: Random, after: int) -> None:
    raw, outcomes = plan
    drive = Drive(raw, outcomes, by)
    outcome = drive.to_the_end(cancel_after=after)
    assert all(at.phase.has_ended for at in drive.state.nodes.values())
    assert outcome.status is Status.CANCELLED or not drive.state.is_cancelled


@settings(max_examples=80, deadline=None)
@given(plan=plans(), by=st.randoms())
def test_what_succeeded_runs_again_only_behind_what_is_tried_again(plan: Any, by: Random) -> None:
    raw, outcomes = plan
    drive = Drive(raw, outcomes, by)
    drive.to_the_end()
    before = drive.state
    failed = [key for key, at in before.nodes.items() if at.phase in (RAN_BADLY, "CANCELLED")]
    for key in failed:
        if drive.state.nodes[key].phase.has_ended:
            drive.state = again(drive.definition, drive.state, key)
    second = Drive(raw, {key: [RAN_WELL] * max(1, len(o)) for key, o in outcomes.items()}, by)
    second.state = drive.state
    outcome = second.to_the_end()
    behind = drive.graph.reached_from(failed)
    for key, at in before.nodes.items():
        if key not in behind:
            assert key not in second.ran
            assert second.state.nodes[key] == at
    assert outcome.status in (Status.SUCCESS, Status.FAILED)
