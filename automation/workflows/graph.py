"""How the nodes of a workflow hang together: what follows what, what is surely before what."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from automation.workflows.definition import Definition, Edge, Join


@dataclass(frozen=True)
class Graph:
    """The edges of a workflow by their ends; edges with an end that is no node are left out."""

    joins: Mapping[str, Join]
    """Of every node, by its key."""
    incoming: Mapping[str, tuple[Edge, ...]]
    outgoing: Mapping[str, tuple[Edge, ...]]

    @classmethod
    def of(cls, definition: Definition) -> "Graph":
        """Return the graph of a workflow."""
        incoming: dict[str, list[Edge]] = {key: [] for key in definition.nodes}
        outgoing: dict[str, list[Edge]] = {key: [] for key in definition.nodes}
        for edge in definition.edges:
            if edge.from_ in outgoing and edge.to in incoming:
                outgoing[edge.from_].append(edge)
                incoming[edge.to].append(edge)
        return cls(
            joins={key: node.join for key, node in definition.nodes.items()},
            incoming={key: tuple(edges) for key, edges in incoming.items()},
            outgoing={key: tuple(edges) for key, edges in outgoing.items()},
        )

    def before(self, key: str) -> set[str]:
        """Return the nodes from which an edge leads straight to this one."""
        return {edge.from_ for edge in self.incoming[key]}

    def after(self, key: str) -> set[str]:
        """Return the nodes to which an edge leads straight from this one."""
        return {edge.to for edge in self.outgoing[key]}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The nodes, each after all that lead to it; those on or behind a cycle are missing.

        The same for the same nodes and edges, in whatever order they were written.
        """
        left = {key: len(self.before(key)) for key in self.joins}
        ready = deque(sorted(key for key, count in left.items() if not count))
        found: list[str] = []
        while ready:
            key = ready.popleft()
            found.append(key)
            for following in sorted(self.after(key)):
                left[following] -= 1
                if not left[following]:
                    ready.append(following)
        return tuple(found)

    @cached_property
    def surely_before(self) -> Mapping[str, frozenset[str]]:
        """For each node in :attr:`order`, those that have ended for sure when it starts.

        A node that waits for all its edges comes after all that lead to it, and after what is
        before those; one that waits for any, only after what is before each of them.
        """
        found: dict[str, frozenset[str]] = {}
        for key in self.order:
            sets = [found[source] | {source} for source in sorted(self.before(key))]
            if self.joins[key] is Join.ALL:
                found[key] = frozenset().union(*sets)
            else:
                found[key] = frozenset.intersection(*sets) if sets else frozenset()
        return found

    def reached_from(self, beginnings: Iterable[str]) -> set[str]:
        """Return these nodes and all that edges lead to from them, over any number of others."""
        found = set(beginnings)
        ahead = deque(found)
        while ahead:
            fresh = self.after(ahead.popleft()) - found
            found |= fresh
            ahead.extend(fresh)
        return found

    def cycles(self) -> list[tuple[str, ...]]:
        """Return cycles that have no node in common, until no other such is left.

        Each begins with its first node by name.
        """
        found: list[tuple[str, ...]] = []
        left = self._on_cycles(set(self.joins) - set(self.order))
        while left:
            cycle = self._cycle_within(left)
            found.append(cycle)
            left = self._on_cycles(left - set(cycle))
        return found

    def _on_cycles(self, left: set[str]) -> set[str]:
        """Return what is left without nodes that lead nowhere in it, or that nothing leads to."""
        while True:
            kept = {key for key in left if self.before(key) & left and self.after(key) & left}
            if kept == left:
                return kept
            left = kept

    def _cycle_within(self, left: set[str]) -> tuple[str, ...]:
        way = [min(left)]
        while (following := min(self.after(way[-1]) & left)) not in way:
            way.append(following)
        cycle = way[way.index(following) :]
        first = cycle.index(min(cycle))
        return tuple(cycle[first:] + cycle[:first])
