"""The figures of drills as a table."""

from collections.abc import Iterable

from tests.faults.drill import Figures

HEADINGS = (
    "family",
    "executions",
    "faults",
    "SUCCESS",
    "FAILED",
    "UNKNOWN seen",
    "reconciled",
    "decided",
    "lost",
    "doubled",
    "untrue",
    "stuck",
    "failed requests",
    "settled after",
)


def row(figures: Figures) -> tuple[str, ...]:
    """Return one line's cells."""
    statuses, wrong = figures.statuses, figures.wrong
    seen, decided = len(figures.facts.unknown), figures.facts.decided
    return (
        figures.family,
        str(sum(statuses.values())),
        str(sum(figures.faults.values())),
        str(statuses["SUCCESS"]),
        str(statuses["FAILED"]),
        str(seen),
        str(seen - decided - statuses["UNKNOWN"]),
        str(decided),
        str(len(wrong["lost"])),
        str(len(wrong["doubled"])),
        str(sum(len(wrong[each]) for each in ("untrue", "unnamed", "scene"))),
        str(len(wrong["stuck"])),
        str(len(figures.facts.failed_requests)),
        f"{figures.seconds_to_settle:.0f} s",
    )


def lines(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the table, its columns as wide as they need to be."""
    table = [HEADINGS, *rows]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(HEADINGS))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        for cells in table
    ]
