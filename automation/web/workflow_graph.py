"""A workflow as it is drawn: cards in columns, the lines between them, and each said in words.

``partials/_workflow_graph.html`` shows it, as it is saved or as a run of it stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from automation.workflows import Definition, Edge, On, Wait, layout
from automation.workflows.layout import Link, Place
from automation.workflows.words import sentence_of, summary_of

CARD: Final = (216, 96)
"""Width and height of a card, in pixels."""
_GAP: Final = (128, 20)
_MARGIN: Final = 6
_ARROW: Final = (8, 4.5)
_LONGEST_LABEL: Final = 21


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How a node stands in a run."""

    phase: str
    """One of :class:`automation.workflows.Phase`."""
    reason: str = ""
    href: str = ""
    """Where one sees more of it, such as its execution."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A card."""

    key: str
    title: str
    kind: str
    """``run``, ``wait``, ``approval`` or ``note``."""
    summary: str
    follows: tuple[str, ...]
    """After what it comes, a sentence for each edge; none where it is first."""
    column: int
    x: float
    y: float
    phase: str = ""
    reason: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """What joins two cards."""

    source: str
    target: str
    kind: str
    """``success``, ``failure``, ``always``, or ``several`` where edges differ."""
    path: str
    arrow: str
    label: str
    """A few words; empty for the edge that is as most are."""
    sentence: str
    x: float
    """Of the middle of the label."""
    y: float


@dataclass(frozen=True, kw_only=True)
class Graph:
    """All of it, with the size of the drawing in pixels."""

    nodes: tuple[Node, ...]
    """In the order in which one reads them."""
    edges: tuple[Line, ...]
    width: int
    height: int
    card_width: int = CARD[0]
    card_height: int = CARD[1]


def of(definition: Definition, marks: Mapping[str, Mark] | None = None) -> Graph:
    """Return the drawing of a workflow; ``marks`` say how its nodes stand, by their keys."""
    drawn = layout.of(definition)
    return Graph(
        nodes=tuple(
            _node(definition, key, place, (marks or {}).get(key))
            for key, place in drawn.places.items()
        ),
        edges=tuple(_line(definition, link) for link in drawn.links),
        width=drawn.columns * (CARD[0] + _GAP[0]) - _GAP[0] + 2 * _MARGIN,
        height=drawn.rows * (CARD[1] + _GAP[1]) - _GAP[1] + 2 * _MARGIN,
    )


def _node(definition: Definition, key: str, place: Place, mark: Mark | None) -> Node:
    node = definition.nodes[key]
    is_approval = isinstance(node, Wait) and node.approvals is not None
    x, y = _corner(place)
    return Node(
        key=key,
        title=node.title or key,
        kind="approval" if is_approval else node.kind,
        summary=summary_of(node),
        follows=tuple(sentence_of(edge) for edge in definition.edges if edge.to == key),
        column=place.column,
        x=x,
        y=y,
        phase=mark.phase if mark else "",
        reason=mark.reason if mark else "",
        href=mark.href if mark else "",
    )


def _line(definition: Definition, link: Link) -> Line:
    edges = [definition.edges[position] for position in link.edges]
    kinds = {edge.on.value for edge in edges}
    stops = _stops(link.way)
    (x, y), (end_x, end_y) = stops[-2:]
    back, side = _ARROW
    return Line(
        source=link.source,
        target=link.target,
        kind=kinds.pop() if len(kinds) == 1 else "several",
        path=_path(stops),
        arrow=f"M{end_x - back:g} {end_y - side:g}L{end_x:g} {end_y:g}"
        f"L{end_x - back:g} {end_y + side:g}Z",
        label=_label(edges),
        sentence="; ".join(f"{sentence_of(edge)}: {edge.to}" for edge in edges),
        x=(x + end_x) / 2,
        y=(y + end_y) / 2,
    )


def _label(edges: Iterable[Edge]) -> str:
    words = [
        f"if {edge.when}" if edge.when else {On.FAILURE: "failed", On.ALWAYS: "always"}.get(edge.on)
        for edge in edges
    ]
    label = " / ".join(word or "success" for word in words if word or len(words) > 1)
    # Conditions begin alike, and differ where they end.
    return label if len(label) <= _LONGEST_LABEL else f"…{label[1 - _LONGEST_LABEL :]}"


def _corner(place: Place) -> tuple[float, float]:
    """Return where the upper left corner of a card is."""
    x = _MARGIN + place.column * (CARD[0] + _GAP[0])
    return x, _MARGIN + place.row * (CARD[1] + _GAP[1])


def _stops(way: Iterable[Place]) -> list[tuple[float, float]]:
    """Return the points of a line, from the right of a card to the left of another.

    Where it passes a column between, it goes straight through its place.
    """
    points: list[tuple[float, float]] = []
    for place in way:
        x, y = _corner(place)
        points += [(x, y + CARD[1] / 2), (x + CARD[0], y + CARD[1] / 2)]
    return points[1:-1]


def _path(stops: list[tuple[float, float]]) -> str:
    """Return the line in SVG's words: curves between the columns, straight through them."""
    path = f"M{stops[0][0]:g} {stops[0][1]:g}"
    for number, ((x, y), (end_x, end_y)) in enumerate(pairwise(stops)):
        if number % 2:
            path += f"L{end_x:g} {end_y:g}"
        else:
            bend = max(abs(end_x - x) / 2, _GAP[0] / 2)
            path += f"C{x + bend:g} {y:g} {end_x - bend:g} {end_y:g} {end_x:g} {end_y:g}"
    return path
