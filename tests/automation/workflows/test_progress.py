import pytest

from automation.engine.results import Status
from automation.workflows import (
    Decisions,
    Definition,
    Phase,
    Result,
    State,
    advance,
    applied,
    begun,
    cancelled,
    ended,
)
from tests.automation.workflows.makers import edge, note, workflow

KNOWN = {"inputs": {"full": 80}}
GOOD, BAD = Result(success=True), Result(success=False, error="It broke.")
GONE = Result(success=False, status="CANCELLED")


def after(definition: Definition, **ends: Result) -> State:
    """Return the state after these nodes have ended, in this order, and what follows was noted."""
    state = State.new(definition)
    for key, result in ends.items():
        state = applied(state, advance(definition, state, KNOWN))
        state = ended(begun(state, key), key, result)
    return state


def decided(definition: Definition, **ends: Result) -> Decisions:
    return advance(definition, after(definition, **ends), KNOWN)


def reasons(decisions: Decisions) -> dict[str, str]:
    return {each.key: each.reason for each in decisions.settle}


def test_a_run_begins_where_no_edge_leads() -> None:
    assert decided(workflow("c b a", "a b")).start == ("a", "c")


def test_what_was_to_start_and_has_not_is_decided_again_until_it_has() -> None:
    definition = workflow("a")
    ready = applied(State.new(definition), decided(definition))
    assert ready.nodes["a"].phase is Phase.READY
    assert advance(definition, ready, KNOWN).start == ("a",)
    assert advance(definition, begun(ready, "a"), KNOWN) == Decisions()


def test_the_next_node_starts_and_the_run_ends_after_the_last() -> None:
    definition = workflow("a b", "a b")
    assert decided(definition, a=GOOD).start == ("b",)
    outcome = decided(definition, a=GOOD, b=GOOD).outcome
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (Status.SUCCESS, "All has ended.")


@pytest.mark.parametrize(
    ("on", "result", "starts", "reason"),
    [
        ("success", GOOD, True, ""),
        ("failure", GOOD, False, "It follows the failure of a, which succeeded."),
        ("always", GOOD, True, ""),
        ("success", BAD, False, "It follows the success of a, which failed."),
        ("failure", BAD, True, ""),
        ("always", BAD, True, ""),
        ("always", GONE, False, "a was cancelled."),
    ],
)
def test_an_edge_fires_after_the_end_it_is_for(
    on: str, result: Result, starts: bool, reason: str
) -> None:
    definition = workflow({"a": note(onFailure="continue"), "b": note()}, edge("a b", on=on))
    decisions = decided(definition, a=result)
    assert decisions.start == (("b",) if starts else ())
    assert reasons(decisions) == ({} if starts else {"b": reason})
    assert decisions.skip == decisions.settle


CLASSIC = workflow(
    "check clean told done",
    edge("check clean", when="results.check.data.usage > inputs.full"),
    edge("check told", when="results.check.data.usage <= inputs.full"),
    "clean done",
    "told done",
)


@pytest.mark.parametrize(
    ("usage", "runs", "skipped"), [(85, "clean", "told"), (20, "told", "clean")]
)
def test_conditions_choose_a_branch_and_both_meet_again(
    usage: int, runs: str, skipped: str
) -> None:
    measured = Result(success=True, data={"usage": usage})
    decisions = decided(CLASSIC, check=measured)
    assert decisions.start == (runs,)
    assert list(reasons(decisions)) == [skipped]
    assert "The condition behind check does not hold" in reasons(decisions)[skipped]
    assert decided(CLASSIC, check=measured, **{runs: GOOD}).start == ("done",)


def test_skipping_spreads_at_once_and_ends_the_run() -> None:
    definition = workflow("a b c d", edge("a b", on="failure"), "b c", edge("c d", on="always"))
    decisions = decided(definition, a=GOOD)
    assert reasons(decisions) == {
        "b": "It follows the failure of a, which succeeded.",
        "c": "b was skipped.",
        "d": "c was skipped.",
    }
    assert decisions.outcome is not None
    assert decisions.outcome.status is Status.SUCCESS


def test_a_join_of_all_waits_until_each_edge_is_known() -> None:
    definition = workflow("a b c", "a c", edge("b c", on="failure"))
    assert decided(definition, a=GOOD).start == ("b",)
    assert decided(definition, a=GOOD, b=GOOD).start == ("c",)


def test_a_join_of_any_starts_with_the_first_edge_and_is_skipped_after_the_last() -> None:
    nodes = {"a": note(), "b": note(), "c": note(join="any")}
    definition = workflow(nodes, "a c", edge("b c", on="failure"))
    assert decided(definition, a=GOOD).start == ("b", "c")
    unlike = workflow(nodes, edge("a c", on="failure"), edge("b c", on="failure"))
    assert decided(unlike, a=GOOD).settle == ()
    assert reasons(decided(unlike, a=GOOD, b=GOOD)) == {
        "c": "It follows the failure of a, which succeeded. "
        "It follows the failure of b, which succeeded."
    }


def test_a_condition_that_can_not_be_worked_out_fails_the_node_behind_it() -> None:
    definition = workflow("a b c", edge("a b", when="results.a.data.usage > 80"), "b c")
    decisions = decided(definition, a=GOOD)
    assert not decisions.start
    [failed, left_out] = decisions.settle
    assert (failed.key, failed.phase) == ("b", Phase.FAILED)
    assert failed.reason.startswith(
        "The condition behind a can't be worked out. There is no usage."
    )
    assert (left_out.key, left_out.phase) == ("c", Phase.CANCELLED)
    assert decisions.outcome is not None
    assert decisions.outcome.status is Status.FAILED


def test_a_join_of_any_does_not_mind_a_condition_that_can_not_be_worked_out() -> None:
    nodes = {"a": note(), "b": note(), "c": note(join="any")}
    definition = workflow(nodes, edge("a c", when="results.a.data.x > 1"), "b c")
    assert decided(definition, a=GOOD).settle == ()
    assert decided(definition, a=GOOD, b=GOOD).start == ("c",)


def test_a_failure_that_no_edge_follows_stops_the_run_once_what_runs_has_ended() -> None:
    definition = workflow("a b c d", "a c", "b d")
    state = applied(State.new(definition), advance(definition, State.new(definition), KNOWN))
    state = ended(begun(state, "b"), "a", BAD)
    decisions = advance(definition, state, KNOWN)
    assert (decisions.start, decisions.outcome) == ((), None)
    assert reasons(decisions) == dict.fromkeys("cd", "Not begun because a failed.")
    state = ended(applied(state, decisions), "b", GOOD)
    last = advance(definition, state, KNOWN)
    assert (last.start, last.settle) == ((), ())
    assert last.outcome is not None
    assert (last.outcome.status, last.outcome.reason) == (
        Status.FAILED,
        "It ended because a failed.",
    )


def test_what_was_to_start_is_left_out_when_the_run_stops() -> None:
    definition = workflow("a b")
    state = applied(State.new(definition), decided(definition))
    decisions = advance(definition, ended(state, "a", BAD), KNOWN)
    assert not decisions.start
    assert [each.phase for each in decisions.settle] == [Phase.CANCELLED]


def test_after_a_failure_to_go_on_from_others_go_on_and_it_is_told() -> None:
    definition = workflow({"a": note(onFailure="continue"), "b": note(), "c": note()}, "a b")
    assert decided(definition, a=BAD).start == ("c",)
    outcome = decided(definition, a=BAD, c=GOOD).outcome
    assert outcome is not None
    assert outcome.status is Status.SUCCESS
    assert outcome.reason == "All has ended. What failed was passed over: a."


@pytest.mark.parametrize("on", ["failure", "always"])
def test_a_failure_that_an_edge_follows_does_not_stop_the_run(on: str) -> None:
    definition = workflow("a b c", edge("a b", on=on), edge("a c", on="success"))
    assert decided(definition, a=BAD).start == ("b",)


@pytest.mark.parametrize(
    ("when", "on_failure", "status", "reason"),
    [
        ("inputs.full > 90", "stop", "FAILED", "a failed, and no edge on its failure fired."),
        (
            "inputs.full > 90",
            "continue",
            "SUCCESS",
            "All has ended. What failed was passed over: a.",
        ),
        ("inputs.full > 70", "stop", "SUCCESS", "All has ended. What failed was passed over: a."),
    ],
)
def test_a_failure_that_nobody_took_care_of_is_one_of_the_whole_once_the_rest_has_ended(
    when: str, on_failure: str, status: str, reason: str
) -> None:
    nodes = {"a": note(onFailure=on_failure), "b": note(), "c": note()}
    definition = workflow(nodes, edge("a b", on="failure", when=when))
    assert "c" in decided(definition, a=BAD).start
    ends = {"b": GOOD} if status == "SUCCESS" and on_failure == "stop" else {}
    outcome = decided(definition, a=BAD, **ends, c=GOOD).outcome
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (status, reason)


@pytest.mark.parametrize(("on_failure", "status"), [("stop", "CANCELLED"), ("continue", "SUCCESS")])
def test_a_node_that_a_person_cancelled_stops_the_run_like_a_failure(
    on_failure: str, status: str
) -> None:
    definition = workflow({"a": note(onFailure=on_failure), "b": note()}, edge("a b", on="always"))
    outcome = decided(definition, a=GONE).outcome
    assert outcome is not None
    assert outcome.status == status


def test_a_failure_is_the_worse_end_than_a_cancelled_node() -> None:
    definition = workflow("a b")
    state = ended(ended(State.new(definition), "a", GONE), "b", BAD)
    outcome = advance(definition, state, KNOWN).outcome
    assert outcome is not None
    assert outcome.reason == "It ended because b failed."


def test_a_cancelled_run_lets_what_runs_end_and_starts_nothing() -> None:
    definition = workflow("a b c", "a b")
    state = cancelled(begun(applied(State.new(definition), decided(definition)), "a"))
    decisions = advance(definition, state, KNOWN)
    assert (decisions.start, decisions.outcome) == ((), None)
    assert reasons(decisions) == dict.fromkeys(
        "bc", "Not begun because the workflow was cancelled."
    )
    state = ended(applied(state, decisions), "a", GOOD)
    outcome = advance(definition, state, KNOWN).outcome
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (
        Status.CANCELLED,
        "It ended because the workflow was cancelled.",
    )


def test_what_follows_is_the_same_in_whatever_order_results_come_in() -> None:
    definition = workflow("a b c d e", "a d", "b d", edge("c e", on="failure"), "b e")
    first = decided(definition, a=GOOD, b=GOOD, c=GOOD)
    assert decided(definition, c=GOOD, b=GOOD, a=GOOD) == first
    assert first.start == ("d", "e")


def test_a_late_decision_changes_nothing_that_has_ended() -> None:
    definition = workflow("a b", edge("a b", on="failure"))
    state = after(definition, a=GOOD)
    decisions = advance(definition, state, KNOWN)
    settled = applied(state, decisions)
    assert applied(settled, decisions) == settled
    assert applied(settled, Decisions(start=("a",))) == settled


def test_a_run_of_no_nodes_left_is_decided_the_same_for_ever() -> None:
    definition = workflow("a")
    state = after(definition, a=GOOD)
    assert advance(definition, state, KNOWN) == advance(definition, state, KNOWN)
    assert advance(definition, state, KNOWN).outcome is not None
