import pytest

from automation.workflows import (
    Phase,
    ProgressInvalid,
    Result,
    Standing,
    State,
    advance,
    again,
    applied,
    begun,
    cancelled,
    ended,
    spread,
)
from tests.automation.workflows.makers import edge, note, run, workflow
from tests.automation.workflows.test_progress import BAD, GOOD, KNOWN, after

CHAIN = workflow("a b c d", "a b", "b c", "a d")


def stopped() -> State:
    """Return a run that stopped because b failed, before d had begun."""
    state = after(CHAIN, a=GOOD)
    state = ended(begun(applied(state, advance(CHAIN, state, KNOWN)), "b"), "b", BAD)
    return applied(state, advance(CHAIN, state, KNOWN))


def phases(state: State) -> dict[str, Phase]:
    return {key: at.phase for key, at in state.nodes.items()}


def test_the_node_and_what_depends_on_it_run_again_and_so_does_what_was_left_out() -> None:
    assert phases(stopped())["d"] is Phase.CANCELLED
    state = again(CHAIN, stopped(), "b")
    assert phases(state) == {
        "a": Phase.SUCCEEDED,
        "b": Phase.WAITING,
        "c": Phase.WAITING,
        "d": Phase.WAITING,
    }
    assert state.nodes["b"].result is None
    assert advance(CHAIN, state, KNOWN).start == ("b", "d")


def test_a_cancelled_run_goes_on() -> None:
    state = after(CHAIN, a=GOOD)
    state = cancelled(state)
    state = applied(state, advance(CHAIN, state, KNOWN))
    resumed = again(CHAIN, state, "b")
    assert not resumed.is_cancelled
    assert advance(CHAIN, resumed, KNOWN).start == ("b", "d")


def test_a_skipped_node_behind_it_is_decided_anew() -> None:
    definition = workflow("a b c", edge("a b", on="success"), edge("a c", on="failure"))
    state = after(definition, a=BAD)
    state = applied(state, advance(definition, state, KNOWN))
    assert phases(state)["b"] is Phase.SKIPPED
    state = again(definition, ended(begun(state, "c"), "c", GOOD), "a")
    assert set(phases(state).values()) == {Phase.WAITING}


def test_of_several_servers_only_those_that_did_not_succeed_run_again() -> None:
    definition = workflow({"a": run(server=None, forEach={"group": "web"})})
    state = spread(State.new(definition), "a", ["x", "y"])
    state = ended(ended(state, "a", GOOD, "x"), "a", BAD, "y")
    state = applied(state, advance(definition, state, KNOWN))
    state = again(definition, state, "a")
    assert state.nodes["a"].phase is Phase.WAITING
    state = spread(state, "a", ["x", "y", "z"])
    decisions = advance(definition, state, KNOWN)
    assert decisions.start_items == (("a", "y"), ("a", "z"))


def test_servers_that_were_left_out_run_again_and_those_that_succeeded_do_not() -> None:
    nodes = {"a": run(server=None, forEach={"group": "web", "maxParallel": 1}), "b": note()}
    definition = workflow(nodes)
    state = spread(State.new(definition), "a", ["x", "y"])
    state = ended(begun(state, "a", "x"), "b", BAD)
    state = ended(applied(state, advance(definition, state, KNOWN)), "a", GOOD, "x")
    state = applied(state, advance(definition, state, KNOWN))
    assert phases(state) == {"a": Phase.CANCELLED, "b": Phase.FAILED}
    state = again(definition, state, "b")
    assert list(state.nodes["a"].items or {}) == ["x"]
    assert phases(state) == {"a": Phase.WAITING, "b": Phase.WAITING}


def test_a_node_that_succeeded_runs_again_on_all_its_servers() -> None:
    definition = workflow({"a": run(server=None, forEach={"group": "web"})})
    state = ended(spread(State.new(definition), "a", ["x"]), "a", GOOD, "x")
    state = applied(state, advance(definition, state, KNOWN))
    assert again(definition, state, "a").nodes["a"] == Standing()


def test_a_node_that_a_person_cancelled_stays_unless_it_is_the_one() -> None:
    definition = workflow("a b")
    gone = Result(success=False, status="CANCELLED")
    state = ended(ended(State.new(definition), "a", gone), "b", BAD)
    assert phases(again(definition, state, "b"))["a"] is Phase.CANCELLED
    assert phases(again(definition, state, "a"))["a"] is Phase.WAITING


@pytest.mark.parametrize("key", ["gone", "c"])
def test_what_has_not_ended_can_not_be_tried_again(key: str) -> None:
    state = applied(after(CHAIN, a=GOOD), advance(CHAIN, after(CHAIN, a=GOOD), KNOWN))
    with pytest.raises(ProgressInvalid, match=f"{key} has not ended"):
        again(CHAIN, state, key)


def test_nothing_is_set_back_while_what_depends_on_it_runs() -> None:
    state = after(CHAIN, a=GOOD)
    state = begun(applied(state, advance(CHAIN, state, KNOWN)), "b")
    with pytest.raises(ProgressInvalid, match="Wait until these have ended: b, d"):
        again(CHAIN, state, "a")
