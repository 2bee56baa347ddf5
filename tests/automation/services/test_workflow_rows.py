import pytest

from automation.engine.results import Status, Verdict
from automation.services import workflow_rows
from automation.services.workflow_rows import Steps, result_of
from automation.workflows import Phase, Result, begun, ended, spread
from tests.automation import makers
from tests.automation.services.workflow_story import look, note, started, workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def test_nodes_stand_in_an_order_in_which_they_may_follow_one_another() -> None:
    made = workflow({"last": note(), "first": look(makers.server())}, "first last")
    run = started(made).run
    assert [step.key for step in run.steps.all()] == ["first", "last"]


def test_a_state_comes_back_from_its_rows_as_it_was() -> None:
    one, two = makers.server(), makers.server()
    each = {"kind": "run", "runbook": "SAMPLE_LOOKING"}
    named = {**each, "forEach": {"servers": [one.name, two.name], "maxParallel": 1}}
    run = started(workflow({"all": named, "told": note()}, "all told")).run
    steps = Steps(run)
    result = Result(
        success=False,
        status=Status.TIMEOUT,
        verdict=Verdict.NOT_FIXED,
        error="Too long.",
        data={"a": 1},
        result={"b": [2]},
    )
    state = ended(steps.state(), "all", result, one.name)
    steps.take(state)
    assert steps.save()
    assert Steps(run).state() == state
    assert not Steps(run).save()


def test_servers_that_are_not_among_a_nodes_any_more_have_no_row() -> None:
    one, two = makers.server(), makers.server()
    named = {
        "kind": "run",
        "runbook": "SAMPLE_LOOKING",
        "forEach": {"servers": [one.name, two.name]},
    }
    run = started(workflow({"all": named})).run
    steps = Steps(run)
    state = steps.state()
    standing = state.nodes["all"]
    assert standing.items is not None
    left = {one.name: standing.items[one.name]}
    steps.take(state.put("all", type(standing)(phase=Phase.RUNNING, items=left)))
    assert steps.save()
    assert [str(step) for step in run.steps.all()] == ["all", f"all on {one.name}"]


def test_times_are_noted_as_far_as_it_has_come() -> None:
    run = started(workflow({"a": look(makers.server()), "b": note()}, "a b")).run
    a, b = run.steps.all()
    assert (a.begun_at is None, a.ended_at) == (False, None)
    assert (b.begun_at, b.ended_at) == (None, None)
    steps = Steps(run)
    steps.take(begun(steps.state(), "b"))
    steps.save()
    b.refresh_from_db()
    assert (b.begun_at is None, b.ended_at) == (False, None)


def test_a_spread_node_and_its_servers_keep_their_places() -> None:
    servers = [makers.server() for _ in range(2)]
    run = started(workflow({"a": look(servers[0]), "all": note()}, "a all")).run
    steps = Steps(run)
    steps.spread("all", servers)
    steps.take(spread(steps.state(), "all", [each.name for each in servers]))
    steps.save()
    shown = [(step.key, step.item, step.is_spread) for step in run.steps.all()]
    assert shown == [
        ("a", "", False),
        ("all", "", True),
        ("all", servers[0].name, False),
        ("all", servers[1].name, False),
    ]


@pytest.mark.parametrize(
    ("fields", "success", "error"),
    [
        ({"status": "SUCCESS", "result_summary": "Fine."}, True, ""),
        ({"status": "FAILED", "error_message": "No."}, False, "No."),
        ({"status": "CANCELLED", "result_summary": "Cancelled."}, False, "Cancelled."),
    ],
)
def test_what_came_out_of_an_execution_says_why_it_failed(
    fields: dict[str, str], success: bool, error: str
) -> None:
    result = result_of(makers.execution(context={"x": 1}, result_data={"y": 2}, **fields))
    assert (result.success, result.error) == (success, error)
    assert (result.data, result.result) == ({"x": 1}, {"y": 2})
    kept = workflow_rows.as_json(result)
    assert (kept["status"], kept["verdict"]) == (fields["status"], None)
