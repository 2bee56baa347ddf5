"""What :func:`automation.workflows.progress.advance` decides, and how a state takes it up."""

from dataclasses import dataclass, replace

from automation.engine.results import Status
from automation.workflows.state import Phase, Standing, State


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A node, or one of its items, that ends without news from outside, and why."""

    key: str
    item: str | None = None
    phase: Phase
    reason: str
    """A sentence."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run of a workflow has ended."""

    status: Status
    """SUCCESS, FAILED or CANCELLED."""
    reason: str
    """A sentence."""


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What to do now with a run of a workflow."""

    start: tuple[str, ...] = ()
    """Nodes to begin. Of one with ``forEach``, find its servers (:func:`state.spread`)."""
    start_items: tuple[tuple[str, str], ...] = ()
    """Nodes with the server on which each is to begin."""
    settle: tuple[Settled, ...] = ()
    """What has ended by itself: skipped, not begun, or a node whose items have all ended."""
    outcome: Outcome | None = None
    """How the whole has ended, once it has."""

    @property
    def skip(self) -> tuple[Settled, ...]:
        """The nodes and items that are skipped."""
        return tuple(each for each in self.settle if each.phase is Phase.SKIPPED)


def applied(state: State, decisions: Decisions) -> State:
    """Return the state after decisions were noted; what is to start is READY."""
    nodes = dict(state.nodes)
    for key in decisions.start:
        nodes[key] = _ready(nodes[key])
    for key, item in decisions.start_items:
        nodes[key] = with_item(nodes[key], item, _ready(_items_of(nodes[key])[item]))
    for each in decisions.settle:
        nodes[each.key] = settled(nodes[each.key], each)
    return replace(state, nodes=nodes)


def settled(standing: Standing, how: Settled) -> Standing:
    """Return how a node stands after it, or one of its items, was settled."""
    at = standing if how.item is None else _items_of(standing)[how.item]
    if at.phase.has_ended:
        return standing
    after = replace(at, phase=how.phase, reason=how.reason)
    return after if how.item is None else with_item(standing, how.item, after)


def with_item(standing: Standing, item: str, at: Standing) -> Standing:
    """Return how a node stands with one of its items standing so."""
    return replace(standing, items={**_items_of(standing), item: at})


def _items_of(standing: Standing) -> dict[str, Standing]:
    return dict(standing.items or {})


def _ready(standing: Standing) -> Standing:
    return replace(standing, phase=Phase.READY) if standing.phase is Phase.WAITING else standing
