"""What nodes and edges do, in a few words, for pages and the command line."""

from typing import Final

from automation.workflows.definition import Edge, Note, On, Run, Wait

_LONGEST: Final = 90
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def summary_of(node: Run | Wait | Note) -> str:
    """Return what a node does, in a few words."""
    if isinstance(node, Note):
        return short(node.text, _LONGEST)
    if isinstance(node, Wait):
        if node.approvals is not None:
            people = "1 person" if node.approvals == 1 else f"{node.approvals} people"
            return f"Until {people} approved"
        return f"Waits {_long(node.seconds or 0)}"
    what = node.runbook or node.template or "nothing yet"
    dry = ", dry" if node.is_dry_run else ""
    return short(f"{what}{dry} on {_where(node)}", _LONGEST)


def sentence_of(edge: Edge) -> str:
    """Return after what, and under which condition, an edge lets a node follow."""
    end = {On.SUCCESS: "", On.FAILURE: " failed", On.ALWAYS: " ended, well or not"}[edge.on]
    condition = f", if {edge.when}" if edge.when else ""
    return f"After {edge.from_}{end}{condition}"


def short(text: str, longest: int) -> str:
    """Return a text on one line, cut where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _where(node: Run) -> str:
    spread = node.for_each
    if spread is None:
        return node.server or "no server yet"
    if spread.group is not None:
        return f"each of {spread.group}"
    return ", ".join(spread.servers or ["no server yet"])


def _long(seconds: int) -> str:
    """Return a length of time in the units that it is made of."""
    parts = []
    for length, unit in _UNITS:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"
