"""Where the nodes of a workflow stand when it is drawn: in columns, the first ones first.

A node stands one column behind the furthest of those that lead to it. Within the columns nodes
are put so that few edges cross; an edge over several columns has places of its own in those
between, so that it does not run through a node. Also for a workflow that isn't right yet.
"""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from automation.workflows.definition import Definition
from automation.workflows.graph import Graph

_SWEEPS: Final = 4
_FARTHEST: Final = 8
"""An edge over more columns than these is drawn straight; places for it would cost too much."""

_Spot = str | tuple[str, str, int]
"""A node, or the place of an edge in a column between its ends."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something stands; a row may be a half, for short columns stand in the middle."""

    column: int
    row: float


@dataclass(frozen=True, kw_only=True)
class Link:
    """A line between two nodes, for all edges from the one to the other."""

    source: str
    target: str
    edges: tuple[int, ...]
    """Their positions in the definition."""
    way: tuple[Place, ...]
    """From the first end to the last."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A workflow as it is drawn."""

    columns: int
    rows: int
    places: Mapping[str, Place]
    """Of each node, by its key; in the order in which one reads them."""
    links: tuple[Link, ...]


def of(definition: Definition) -> Layout:
    """Return where the nodes and edges of a workflow stand."""
    graph = Graph.of(definition)
    columns = _columns(graph)
    links: dict[tuple[str, str], list[int]] = {}
    for position, edge in enumerate(definition.edges):
        if edge.from_ in columns and edge.to in columns:
            links.setdefault((edge.from_, edge.to), []).append(position)
    grid = _Grid.of(columns, links)
    grid.untangle()
    places = grid.places()
    nodes = sorted(columns, key=lambda key: (places[key].column, places[key].row))
    return Layout(
        columns=len(grid.columns),
        rows=max(map(len, grid.columns), default=0),
        places={key: places[key] for key in nodes},
        links=tuple(
            Link(
                source=source,
                target=target,
                edges=tuple(edges),
                way=tuple(places[spot] for spot in grid.ways[source, target]),
            )
            for (source, target), edges in links.items()
        ),
    )


def _columns(graph: Graph) -> dict[str, int]:
    """Return the column of each node; what waits for itself is put where it is met first."""
    left = {key: len(graph.before(key)) for key in graph.joins}
    ready = deque(key for key, count in left.items() if not count)
    found: dict[str, int] = {}
    while len(found) < len(left):
        key = ready.popleft() if ready else next(key for key in left if key not in found)
        found[key] = max((found[each] + 1 for each in graph.before(key) & found.keys()), default=0)
        for following in graph.after(key) - found.keys():
            left[following] -= 1
            if not left[following]:
                ready.append(following)
    return {key: found[key] for key in left}


@dataclass
class _Grid:
    """The columns while it is worked out who stands above whom."""

    columns: list[list[_Spot]]
    ways: dict[tuple[str, str], list[_Spot]] = field(default_factory=dict)
    before: dict[_Spot, list[_Spot]] = field(default_factory=dict)
    """What is joined to a place in the column before."""
    after: dict[_Spot, list[_Spot]] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Mapping[str, int], links: Iterable[tuple[str, str]]) -> "_Grid":
        """Return the columns in the order in which the workflow is written."""
        grid = cls(columns=[[] for _ in range(max(columns.values(), default=-1) + 1)])
        for key, column in columns.items():
            grid.columns[column].append(key)
        for source, target in links:
            grid._join(source, columns[source], target, columns[target])
        return grid

    def _join(self, source: str, first: int, target: str, last: int) -> None:
        between: list[_Spot] = []
        if last - first <= _FARTHEST:
            between = [(source, target, column) for column in range(first + 1, last)]
        for column, spot in enumerate(between, start=first + 1):
            self.columns[column].append(spot)
        self.ways[source, target] = way = [source, *between, target]
        if len(way) != last - first + 1:
            return  # it leads back or far ahead, and has no say in who stands where
        for one, other in pairwise(way):
            self.after.setdefault(one, []).append(other)
            self.before.setdefault(other, []).append(one)

    def untangle(self) -> None:
        """Put each column in the order of what it is joined to, and keep the best that comes up."""
        best, fewest = [*self.columns], self._crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            if sweep % 2:
                order, joined = range(len(self.columns) - 2, -1, -1), self.after
                beside = 1
            else:
                order, joined = range(1, len(self.columns)), self.before
                beside = -1
            for column in order:
                rows = _rows(self.columns[column + beside])
                self.columns[column] = _by_middle(self.columns[column], joined, rows)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [*self.columns], crossings
        self.columns = best

    def _crossings(self) -> int:
        """Return how many lines cross one another."""
        count = 0
        for column, following in pairwise(self.columns):
            rows = _rows(following)
            seen: list[float] = []
            for spot in column:
                ends = sorted(rows[end] for end in self.after.get(spot, ()))
                count += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return count

    def places(self) -> dict[_Spot, Place]:
        """Return where everything stands, short columns in the middle."""
        most = max(map(len, self.columns), default=0)
        return {
            spot: Place(column=number, row=row + (most - len(column)) / 2)
            for number, column in enumerate(self.columns)
            for spot, row in _rows(column).items()
        }


def _rows(column: Iterable[_Spot]) -> dict[_Spot, float]:
    return {spot: float(row) for row, spot in enumerate(column)}


def _by_middle(
    column: list[_Spot], joined: Mapping[_Spot, list[_Spot]], rows: Mapping[_Spot, float]
) -> list[_Spot]:
    """Return the column by the middle of what each is joined to; the rest about where it was."""
    own = _rows(column)

    def middle(spot: _Spot) -> float:
        ends = [rows[end] for end in joined.get(spot, ())]
        return sum(ends) / len(ends) if ends else own[spot]

    return sorted(column, key=middle)
