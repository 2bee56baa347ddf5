"""The drawing of a workflow: cards, lines, and the words that say the same."""

from typing import Any

import pytest
from django.template.loader import render_to_string

from automation.web import workflow_graph
from automation.web.workflow_graph import Graph, Line, Mark, Node
from automation.workflows import Definition
from tests.automation.workflows.makers import edge, note, run, workflow


def either_or() -> Definition:
    nodes = {
        "check": run(title="Look first"),
        "clean": run(runbook="CLEAN"),
        "told": note(text="Nothing to clean.\nAll is well."),
        "again": run(),
    }
    return workflow(
        nodes,
        edge("check clean", when="results.check.data.usage > 80"),
        edge("check told", when="results.check.data.usage <= 80"),
        edge("clean again", on="always"),
        "told again",
        edge("check again", on="failure"),
    )


def node(graph: Graph, key: str) -> Node:
    return next(each for each in graph.nodes if each.key == key)


def line(graph: Graph, source: str, target: str) -> Line:
    return next(each for each in graph.edges if (each.source, each.target) == (source, target))


def shown(graph: Graph) -> str:
    return render_to_string("automation/partials/_workflow_graph.html", {"graph": graph})


def test_each_node_is_a_card_within_the_drawing_and_none_covers_another() -> None:
    graph = workflow_graph.of(either_or())
    assert [each.key for each in graph.nodes] == ["check", "clean", "told", "again"]
    corners = {(each.x, each.y) for each in graph.nodes}
    assert len(corners) == 4
    for each in graph.nodes:
        assert 0 <= each.x <= graph.width - graph.card_width
        assert 0 <= each.y <= graph.height - graph.card_height
    assert node(graph, "clean").x == node(graph, "told").x > node(graph, "check").x


def test_a_line_leads_from_the_right_of_a_card_to_the_left_of_the_next() -> None:
    graph = workflow_graph.of(either_or())
    first, last = node(graph, "check"), node(graph, "clean")
    path = line(graph, "check", "clean").path
    assert path.startswith(f"M{first.x + 216:g} {first.y + 48:g}C")
    assert path.endswith(f" {last.x:g} {last.y + 48:g}")
    assert line(graph, "check", "clean").arrow.count("L") == 2
    assert "L" in line(graph, "check", "again").path, "goes straight through the column between"


@pytest.mark.parametrize(
    ("fields", "kind", "summary"),
    [
        (run(), "run", "CHECK on web-1"),
        ({"kind": "wait", "seconds": 90}, "wait", "Waits 1 min 30 s"),
        ({"kind": "wait", "approvals": 1}, "approval", "Until 1 person approved"),
        (note(), "note", "Hello"),
    ],
)
def test_a_card_says_what_the_node_does(fields: dict[str, Any], kind: str, summary: str) -> None:
    card = node(workflow_graph.of(workflow({"a": fields})), "a")
    assert (card.kind, card.summary, card.title) == (kind, summary, "a")


def test_edges_say_after_what_and_under_which_condition() -> None:
    graph = workflow_graph.of(either_or())
    assert node(graph, "check").follows == ()
    assert node(graph, "clean").follows == ("After check, if results.check.data.usage > 80",)
    assert node(graph, "again").follows == (
        "After clean ended, well or not",
        "After told",
        "After check failed",
    )
    lines = {(each.source, each.target): (each.kind, each.label) for each in graph.edges}
    assert lines == {
        ("check", "clean"): ("success", "…heck.data.usage > 80"),
        ("check", "told"): ("success", "…eck.data.usage <= 80"),
        ("clean", "again"): ("always", "always"),
        ("told", "again"): ("success", ""),
        ("check", "again"): ("failure", "failed"),
    }


def test_two_edges_between_the_same_nodes_are_one_line_that_says_both() -> None:
    both = workflow("a b", "a b", edge("a b", on="failure"))
    drawn = line(workflow_graph.of(both), "a", "b")
    assert (drawn.kind, drawn.label) == ("several", "success / failed")
    assert drawn.sentence == "After a: b; After a failed: b"


def test_the_page_shows_cards_lines_and_the_same_as_a_list() -> None:
    page = shown(workflow_graph.of(either_or()))
    assert page.count('data-node="clean"') == 2, "in the drawing and in the list"
    assert page.count("flow-way") == 5
    assert "Look first" in page
    assert "After check, if results.check.data.usage &gt; 80" in page
    assert "style=" not in page
    assert "is-failed" not in page


def test_a_run_is_shown_by_how_its_nodes_stand() -> None:
    marks = {
        "check": Mark(phase="SUCCEEDED", href="/executions/1/"),
        "clean": Mark(phase="FAILED", reason="No room left."),
        "told": Mark(phase="SKIPPED", reason="Its condition did not hold."),
        "again": Mark(phase="READY"),
    }
    page = shown(workflow_graph.of(either_or(), marks))
    assert '<a href="/executions/1/"' in page
    for phase, word in (("succeeded", "Succeeded"), ("failed", "Failed"), ("ready", "Next")):
        assert f"flow-card is-{phase}" in page
        assert word in page
    assert "No room left." in page
    waiting = shown(workflow_graph.of(either_or(), {"check": Mark(phase="WAITING")}))
    assert "Waiting" in waiting
    assert waiting.count("data-state") == 2


def test_what_people_wrote_is_text_and_nothing_else() -> None:
    page = shown(workflow_graph.of(workflow({"a": note(title="<b>", text="<script>")})))
    assert "<script>" not in page
    assert "<b>" not in page


def test_a_workflow_that_waits_for_itself_is_drawn_too() -> None:
    graph = workflow_graph.of(workflow("a b", "a b", "b a", "a a"))
    assert len(graph.edges) == 3
    assert shown(graph)
