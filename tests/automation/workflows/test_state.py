import pytest

from automation.engine.results import Verdict
from automation.workflows import (
    Phase,
    ProgressInvalid,
    Result,
    Standing,
    State,
    begun,
    cancelled,
    ended,
    spread,
)
from tests.automation.workflows.makers import workflow

NEW = State.new(workflow("a b"))
GOOD, BAD = Result(success=True), Result(success=False, error="It broke.")


def test_a_new_run_waits_everywhere() -> None:
    assert {at.phase for at in NEW.nodes.values()} == {Phase.WAITING}
    assert not NEW.is_cancelled
    assert cancelled(NEW).is_cancelled


def test_a_node_begins_and_ends() -> None:
    state = begun(NEW, "a")
    assert state.nodes["a"].phase is Phase.RUNNING
    assert ended(state, "a", GOOD).nodes["a"].phase is Phase.SUCCEEDED
    failed = ended(state, "a", BAD).nodes["a"]
    assert (failed.phase, failed.reason) == (Phase.FAILED, "It broke.")


def test_the_end_may_be_heard_of_before_the_beginning() -> None:
    state = ended(NEW, "a", GOOD)
    assert begun(state, "a") == state
    assert state.nodes["a"].phase is Phase.SUCCEEDED


def test_the_first_result_counts() -> None:
    state = ended(NEW, "a", BAD)
    assert ended(state, "a", GOOD) == state


@pytest.mark.parametrize(
    ("status", "success", "phase"),
    [
        ("SUCCESS", True, Phase.SUCCEEDED),
        ("TIMEOUT", False, Phase.FAILED),
        ("UNKNOWN", False, Phase.FAILED),
        ("CANCELLED", False, Phase.CANCELLED),
        ("", True, Phase.SUCCEEDED),
        ("", False, Phase.FAILED),
    ],
)
def test_an_execution_leaves_its_node_in_a_phase(status: str, success: bool, phase: Phase) -> None:
    assert Result(success=success, status=status).phase is phase


def test_servers_begin_and_end_each_by_itself() -> None:
    state = spread(NEW, "a", ["x", "y"])
    assert state.nodes["a"].phase is Phase.RUNNING
    assert spread(state, "a", ["z"]) == state
    state = ended(begun(begun(state, "a", "x"), "a", "y"), "a", BAD, "x")
    items = state.nodes["a"].items or {}
    assert [at.phase for at in items.values()] == [Phase.FAILED, Phase.RUNNING]


def test_servers_may_become_known_after_the_node_has_begun() -> None:
    assert list(spread(begun(NEW, "a"), "a", ["x"]).nodes["a"].items or {}) == ["x"]


def test_a_node_that_has_ended_is_not_spread() -> None:
    state = ended(NEW, "a", BAD)
    assert spread(state, "a", ["x"]) == state


def test_what_is_known_of_a_server_from_before_stays() -> None:
    done = Standing(phase=Phase.SUCCEEDED, result=GOOD)
    state = spread(NEW.put("a", Standing(items={"x": done})), "a", ["y", "x"])
    assert state.nodes["a"].items == {"y": Standing(), "x": done}


def test_news_of_what_there_is_not_is_refused() -> None:
    with pytest.raises(ProgressInvalid, match="no gone"):
        begun(NEW, "gone")
    with pytest.raises(ProgressInvalid, match="no a on x"):
        ended(NEW, "a", GOOD, "x")


def test_templates_see_what_came_out_of_a_node() -> None:
    result = Result(
        success=False,
        status="TIMEOUT",
        verdict=Verdict.NOT_FIXED,
        summary="It took long.",
        error="After 30 s.",
        data={"usage": 85},
        result={"bytes": 1},
    )
    state = ended(NEW, "a", result)
    assert dict(state.results()) == {
        "a": {
            "status": "TIMEOUT",
            "success": False,
            "verdict": "NOT_FIXED",
            "summary": "It took long.",
            "error": "After 30 s.",
            "data": {"usage": 85},
            "result": {"bytes": 1},
            "items": {},
        }
    }
    assert len(state.results()) == 1
    with pytest.raises(KeyError):
        state.results()["b"]


@pytest.mark.parametrize(
    ("phase", "status", "error"),
    [
        (Phase.SUCCEEDED, "SUCCESS", ""),
        (Phase.FAILED, "FAILED", "Why."),
        (Phase.SKIPPED, "SKIPPED", ""),
        (Phase.CANCELLED, "CANCELLED", ""),
    ],
)
def test_templates_see_why_a_node_never_ran(phase: Phase, status: str, error: str) -> None:
    known = Standing(phase=phase, reason="Why.").known()
    assert (known["status"], known["error"], known["summary"]) == (status, error, "Why.")
    assert known["success"] is (phase is Phase.SUCCEEDED)


def test_templates_see_each_server_of_a_node() -> None:
    state = ended(spread(NEW, "a", ["web-1"]), "a", Result(success=True, status="SUCCESS"), "web-1")
    state = state.put("a", Standing(phase=Phase.SUCCEEDED, items=state.nodes["a"].items))
    assert state.results()["a"]["items"]["web-1"]["status"] == "SUCCESS"
