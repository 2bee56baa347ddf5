from automation.workflows.graph import Graph
from tests.automation.workflows.makers import edge, note, workflow


def test_the_order_is_the_same_however_the_workflow_is_written() -> None:
    first = workflow("c b a d", "a c", "b c", "c d")
    second = workflow("d a b c", "c d", "b c", "a c")
    assert Graph.of(first).order == Graph.of(second).order == ("a", "b", "c", "d")


def test_a_node_that_joins_all_comes_after_everything_before_it() -> None:
    graph = Graph.of(workflow("a b c d", "a b", "a c", "b d", "c d"))
    assert graph.surely_before["d"] == {"a", "b", "c"}
    assert graph.surely_before["a"] == set()


def test_a_node_that_joins_any_comes_after_what_is_before_every_way_to_it() -> None:
    nodes = {"a": note(), "b": note(), "c": note(), "d": note(join="any"), "e": note()}
    graph = Graph.of(workflow(nodes, "a b", "a c", "b d", "c d", "d e"))
    assert graph.surely_before["d"] == {"a"}
    assert graph.surely_before["e"] == {"a", "d"}
    alone = Graph.of(workflow({"a": note(join="any")}))
    assert alone.surely_before["a"] == set()


def test_two_edges_between_two_nodes_count_once() -> None:
    graph = Graph.of(workflow("a b", "a b", edge("a b", on="failure")))
    assert graph.order == ("a", "b")
    assert len(graph.incoming["b"]) == 2


def test_an_edge_to_nowhere_is_left_out() -> None:
    graph = Graph.of(workflow("a b", "a b", "a gone", "gone b"))
    assert graph.after("a") == {"b"}
    assert graph.before("b") == {"a"}


def test_cycles_are_named_from_their_first_node() -> None:
    graph = Graph.of(workflow("a b c d e f", "a b", "b c", "c d", "d b", "d e", "e e", "e f"))
    assert graph.cycles() == [("b", "c", "d"), ("e",)]
    assert graph.order == ("a",)


def test_a_cycle_that_is_entered_in_its_middle_is_named_without_the_way_to_it() -> None:
    graph = Graph.of(workflow("a b c d", "d c", "c d", "a d", "a b", "b a"))
    assert graph.cycles() == [("a", "b"), ("c", "d")]


def test_what_is_reached_includes_where_it_begins() -> None:
    graph = Graph.of(workflow("a b c d", "a b", "b c"))
    assert graph.reached_from(["b"]) == {"b", "c"}
    assert graph.reached_from(["a", "d"]) == {"a", "b", "c", "d"}
