from typing import Any

import pytest

from automation.engine.results import Status
from automation.workflows import (
    Decisions,
    Phase,
    Result,
    Settled,
    Standing,
    State,
    advance,
    applied,
    begun,
    cancelled,
    ended,
    spread,
)
from automation.workflows.items import end_of
from tests.automation.workflows.makers import edge, note, run, workflow

GOOD, BAD = Result(success=True), Result(success=False)
GONE = Result(success=False, status="CANCELLED")


def on_each(**spread_fields: Any) -> Any:
    nodes = {"a": run(server=None, forEach={"group": "web", **spread_fields}), "b": note()}
    return workflow(nodes, "a b")


def look(definition: Any, state: State) -> Decisions:
    return advance(definition, state, {"inputs": {}})


def spread_over(definition: Any, names: str) -> State:
    state = State.new(definition)
    return spread(applied(state, look(definition, state)), "a", names.split())


def started(state: State, decisions: Decisions) -> State:
    state = applied(state, decisions)
    for key, item in decisions.start_items:
        state = begun(state, key, item)
    return state


def items_of(decisions: Decisions) -> str:
    assert {key for key, _ in decisions.start_items} <= {"a"}
    return " ".join(item for _, item in decisions.start_items)


def test_all_servers_begin_at_once_where_nothing_bounds_them() -> None:
    definition = on_each()
    assert items_of(look(definition, spread_over(definition, "x y z"))) == "x y z"


def test_no_more_servers_run_at_once_than_may() -> None:
    definition = on_each(maxParallel=2)
    state = spread_over(definition, "x y z")
    first = look(definition, state)
    assert items_of(first) == "x y"
    assert items_of(look(definition, applied(state, first))) == "x y"  # until they have begun
    state = started(state, first)
    assert items_of(look(definition, state)) == ""
    assert items_of(look(definition, ended(state, "a", GOOD, "y"))) == "z"


def test_a_server_that_is_to_begin_counts_among_those_that_may() -> None:
    definition = on_each(maxParallel=2)
    state = spread_over(definition, "x y z")
    state = begun(applied(state, look(definition, state)), "a", "x")
    assert items_of(look(definition, state)) == "y"


def test_after_enough_failures_the_rest_is_not_begun() -> None:
    definition = on_each(maxParallel=2, stopAfterFailures=1)
    state = spread_over(definition, "x y z")
    state = ended(started(state, look(definition, state)), "a", BAD, "x")
    decisions = look(definition, state)
    assert items_of(decisions) == ""
    assert decisions.settle == (
        Settled(
            key="a",
            item="z",
            phase=Phase.SKIPPED,
            reason="Not begun: 1 failed, and it was to stop then.",
        ),
    )
    assert decisions.outcome is None
    state = ended(applied(state, decisions), "a", GOOD, "y")
    [node, behind] = look(definition, state).settle
    assert (node.phase, node.reason) == (Phase.FAILED, "1 of 3 failed: x.")
    assert behind.reason == "Not begun because a failed."


def test_without_that_bound_the_others_go_on_and_the_node_fails_in_the_end() -> None:
    definition = on_each(maxParallel=1)
    state = spread_over(definition, "x y")
    state = ended(started(state, look(definition, state)), "a", BAD, "x")
    assert items_of(look(definition, state)) == "y"


def test_the_next_node_starts_in_the_same_look_in_which_the_last_server_is_seen_to_end() -> None:
    definition = on_each()
    state = spread_over(definition, "x y")
    state = ended(ended(state, "a", GOOD, "y"), "a", GOOD, "x")
    decisions = look(definition, state)
    assert decisions.settle == (Settled(key="a", phase=Phase.SUCCEEDED, reason="All 2 succeeded."),)
    assert decisions.start == ("b",)


def test_no_server_at_all_is_a_failure() -> None:
    definition = on_each()
    [node, _] = look(definition, spread_over(definition, "")).settle
    assert (node.phase, node.reason) == (Phase.FAILED, "There is no server to run it on.")


def test_a_node_waits_for_its_servers_to_be_known() -> None:
    definition = on_each()
    state = begun(State.new(definition), "a")
    assert look(definition, state) == Decisions()


@pytest.mark.parametrize(
    ("results", "phase", "reason"),
    [
        ([GOOD, GONE], Phase.CANCELLED, "1 of 2 were cancelled: s1."),
        ([GONE, BAD], Phase.FAILED, "1 of 2 failed: s1."),
        ([BAD] * 6, Phase.FAILED, "6 of 6 failed: s0, s1, s2, s3, s4, …."),
    ],
)
def test_a_node_ends_as_the_worst_of_its_servers(
    results: list[Result], phase: Phase, reason: str
) -> None:
    items = {f"s{n}": Standing(phase=r.phase, result=r) for n, r in enumerate(results)}
    assert end_of("a", items) == Settled(key="a", phase=phase, reason=reason)


def test_a_cancelled_run_begins_no_further_server_and_ends_with_those_that_run() -> None:
    definition = on_each(maxParallel=1)
    state = spread_over(definition, "x y")
    state = cancelled(started(state, look(definition, state)))
    decisions = look(definition, state)
    assert [(each.key, each.item) for each in decisions.settle] == [("a", "y"), ("b", None)]
    assert decisions.outcome is None
    last = look(definition, ended(applied(state, decisions), "a", GOOD, "x"))
    assert [(each.key, each.phase) for each in last.settle] == [("a", Phase.CANCELLED)]
    assert last.outcome is not None
    assert last.outcome.status is Status.CANCELLED


def test_a_failure_elsewhere_stops_the_servers_that_have_not_begun() -> None:
    nodes = {"a": run(server=None, forEach={"group": "web", "maxParallel": 1}), "b": note()}
    definition = workflow(nodes)
    state = spread_over(definition, "x y")
    state = ended(started(state, look(definition, state)), "b", BAD)
    decisions = look(definition, state)
    [left_out] = decisions.settle
    assert (left_out.item, left_out.reason) == ("y", "Not begun because b failed.")
    last = look(definition, ended(applied(state, decisions), "a", GOOD, "x"))
    assert last.outcome is not None
    assert last.outcome.reason == "It ended because b failed."


def test_a_condition_may_ask_for_one_of_the_servers() -> None:
    nodes = {"a": run(server=None, forEach={"group": "web"}, onFailure="continue"), "b": note()}
    when = "results.a.items['web-1'].success"
    definition = workflow(nodes, edge("a b", on="always", when=when))
    state = spread_over(definition, "web-1 web-2")
    state = ended(ended(state, "a", GOOD, "web-1"), "a", BAD, "web-2")
    assert look(definition, state).start == ("b",)
