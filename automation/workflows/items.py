"""What a node that runs on several servers does next, server by server."""

from collections.abc import Mapping

from automation.workflows.decisions import Settled
from automation.workflows.definition import Note, Run, Wait
from automation.workflows.state import Phase, Standing

_SHOWN = 5


def next_of(
    key: str, items: Mapping[str, Standing], node: Run | Wait | Note
) -> tuple[tuple[str, ...], tuple[Settled, ...]]:
    """Return the items to begin, and those that are left out because enough have failed."""
    spread = node.for_each if isinstance(node, Run) else None
    most = (spread and spread.max_parallel) or len(items)
    enough = spread and spread.stop_after_failures
    failed = sum(at.phase is Phase.FAILED for at in items.values())
    waiting = [item for item, at in items.items() if at.phase is Phase.WAITING]
    ready = [item for item, at in items.items() if at.phase is Phase.READY]
    if enough and failed >= enough:
        reason = f"Not begun: {failed} failed, and it was to stop then."
        left_out = (
            Settled(key=key, item=item, phase=Phase.SKIPPED, reason=reason)
            for item in ready + waiting
        )
        return (), tuple(left_out)
    under_way = sum(at.phase.is_under_way for at in items.values())
    return (*ready, *waiting[: max(0, most - under_way)]), ()


def end_of(key: str, items: Mapping[str, Standing]) -> Settled | None:
    """Return how the node has ended, once all its items have."""
    if not items:
        return Settled(key=key, phase=Phase.FAILED, reason="There is no server to run it on.")
    if not all(at.phase.has_ended for at in items.values()):
        return None
    for phase, verb in ((Phase.FAILED, "failed"), (Phase.CANCELLED, "were cancelled")):
        names = [item for item, at in items.items() if at.phase is phase]
        if names:
            more = ", …" if len(names) > _SHOWN else ""
            shown = f"{', '.join(names[:_SHOWN])}{more}"
            reason = f"{len(names)} of {len(items)} {verb}: {shown}."
            return Settled(key=key, phase=phase, reason=reason)
    return Settled(key=key, phase=Phase.SUCCEEDED, reason=f"All {len(items)} succeeded.")
