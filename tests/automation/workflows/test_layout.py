import random
import time
from itertools import pairwise

from automation.workflows import layout
from automation.workflows.layout import Layout
from tests.automation.workflows.makers import edge, workflow


def columns(drawn: Layout) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(drawn.columns)]
    for key, place in drawn.places.items():
        found[place.column].append(key)
    return found


def way(drawn: Layout, source: str, target: str) -> list[tuple[int, float]]:
    link = next(each for each in drawn.links if (each.source, each.target) == (source, target))
    return [(place.column, place.row) for place in link.way]


def test_a_node_stands_behind_the_furthest_that_leads_to_it() -> None:
    drawn = layout.of(workflow("a b c d", "a b", "b c", "a d", "c d"))
    assert columns(drawn) == [["a"], ["b"], ["c"], ["d"]]


def test_the_branches_of_an_either_or_stand_under_one_another_and_their_ends_in_the_middle() -> (
    None
):
    drawn = layout.of(workflow("a b c d", "a b", "a c", "b d", "c d"))
    assert columns(drawn) == [["a"], ["b", "c"], ["d"]]
    assert (drawn.columns, drawn.rows) == (3, 2)
    assert [drawn.places[key].row for key in "abcd"] == [0.5, 0, 1, 0.5]


def test_nodes_are_put_so_that_no_edges_cross_that_need_not() -> None:
    drawn = layout.of(workflow("a b c d", "a d", "b c"))
    assert columns(drawn) == [["a", "b"], ["d", "c"]]


def test_what_comes_first_is_put_by_what_follows_it() -> None:
    drawn = layout.of(workflow("a b c d x y", "a x", "d x", "b y", "c y"))
    assert _crossings(drawn) == 0
    assert [set(column) for column in columns(drawn)] == [set("abcd"), set("xy")]


def test_an_edge_over_several_columns_has_a_place_of_its_own_between() -> None:
    drawn = layout.of(workflow("a b c", "a b", "b c", "a c"))
    long = way(drawn, "a", "c")
    assert [column for column, _ in long] == [0, 1, 2]
    assert long[1] != (drawn.places["b"].column, drawn.places["b"].row)


def test_an_edge_over_very_many_columns_is_drawn_straight() -> None:
    keys = [f"n{number}" for number in range(12)]
    chain = [f"{one} {other}" for one, other in pairwise(keys)]
    drawn = layout.of(workflow(" ".join(keys), *chain, "n0 n11"))
    assert [column for column, _ in way(drawn, "n0", "n11")] == [0, 11]
    assert drawn.rows == 1


def test_edges_between_the_same_nodes_are_one_line() -> None:
    drawn = layout.of(workflow("a b c", "a b", "b c", edge("a b", on="failure")))
    assert [(link.source, link.target, link.edges) for link in drawn.links] == [
        ("a", "b", (0, 2)),
        ("b", "c", (1,)),
    ]


def test_what_waits_for_itself_and_edges_to_nowhere_can_be_drawn_too() -> None:
    drawn = layout.of(workflow("a b c d", "a b", "b c", "c b", "c d", "d d", "a gone", "gone a"))
    assert columns(drawn) == [["a"], ["b"], ["c"], ["d"]]
    assert [column for column, _ in way(drawn, "c", "b")] == [2, 1]
    assert [column for column, _ in way(drawn, "d", "d")] == [3, 3]
    assert len(drawn.links) == 5


def test_a_workflow_of_nothing_is_drawn_as_nothing() -> None:
    assert layout.of(workflow({})) == Layout(columns=0, rows=0, places={}, links=())


def test_no_two_things_ever_stand_in_the_same_place_and_edges_lead_on() -> None:
    for seed in range(60):
        chance = random.Random(seed)
        keys = [f"n{number}" for number in range(chance.randint(1, 14))]
        edges = {
            f"{one} {other}"
            for at, one in enumerate(keys)
            for other in keys[at + 1 :]
            if chance.random() < 0.25
        }
        drawn = layout.of(workflow(" ".join(keys), *sorted(edges)))
        taken = [(place.column, place.row) for place in drawn.places.values()]
        for link in drawn.links:
            between = [(place.column, place.row) for place in link.way[1:-1]]
            taken += between
            stops = [place.column for place in link.way]
            assert stops == sorted(set(stops)), seed
        assert len(taken) == len(set(taken)), seed
        assert all(0 <= row <= drawn.rows - 1 for _, row in taken), seed


def test_putting_them_in_order_never_makes_more_lines_cross() -> None:
    for seed in range(40):
        chance = random.Random(seed)
        first, last = "abcdef", "uvwxyz"
        edges = sorted({f"{chance.choice(first)} {chance.choice(last)}" for _ in range(9)})
        drawn = layout.of(workflow(" ".join(first + last), *edges))
        written = {key: row for keys in (first, last) for row, key in enumerate(keys)}
        ends = [tuple(each.split()) for each in edges]
        # Nodes at the end that nothing leads to stand in the first column, and cross nothing.
        before = _count([(written[one], written[other]) for one, other in ends])
        assert _crossings(drawn) <= before, seed


def test_the_largest_workflow_is_drawn_in_a_moment() -> None:
    chance = random.Random(1)
    keys = [f"n{number}" for number in range(500)]
    pairs = {(at, min(499, at + chance.randint(1, 20))) for at in range(499) for _ in range(6)}
    edges = [f"{keys[one]} {keys[other]}" for one, other in sorted(pairs)[:2000]]
    definition = workflow(" ".join(keys), *edges)
    began = time.process_time()
    drawn = layout.of(definition)
    assert time.process_time() - began < 3
    assert len(drawn.places) == 500


def _crossings(drawn: Layout) -> int:
    steps = [(one, other) for link in drawn.links for one, other in pairwise(link.way)]
    return sum(
        _count([(one.row, other.row) for one, other in steps if one.column == column])
        for column in range(drawn.columns)
    )


def _count(lines: list[tuple[float, float]]) -> int:
    return sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0
        for at, one in enumerate(lines)
        for other in lines[at + 1 :]
    )
