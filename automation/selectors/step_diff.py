"""What one step said in two executions, line by line, as far as a page can show it."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from django.db.models.functions import Left

from automation.models import Execution
from automation.selectors import executions
from opsmanager.common.terminal_text import printed

MOST_LINES: Final = 800
"""Of each side; to compare takes longer than in proportion."""
_MOST_ROWS: Final = 200
_MOST_CHARACTERS: Final = 60_000
"""Of each output that is read."""
_LONGEST_LINE: Final = 500
_AROUND: Final = 3


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the two."""

    kind: str
    """``same``, ``left``, ``right``, or ``gap`` for lines alike that are left out."""
    text: str


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What differs, each with some lines around."""

    lines: tuple[Line, ...]
    is_cut: bool
    """Whether more was said than is compared."""

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, as far as was compared."""
        return not self.lines


def of(left: Execution, right: Execution, number: int) -> Diff:
    """Return how the step with this number differs; two queries."""
    texts = [_lines(execution, number) for execution in (left, right)]
    matcher = SequenceMatcher(None, texts[0][:MOST_LINES], texts[1][:MOST_LINES], autojunk=True)
    return Diff(
        lines=tuple(_shown(matcher, texts[0], texts[1])),
        is_cut=any(len(text) > MOST_LINES for text in texts),
    )


def _lines(execution: Execution, number: int) -> list[str]:
    """Return commands, outputs, errors and exit codes of the step, in order."""
    rows = (
        executions.logs(execution, after=execution.begin_seq)
        .filter(step_number=number)
        .exclude(step_name__startswith="Take back: ")
        .annotate(out=Left("stdout", _MOST_CHARACTERS), err=Left("stderr", _MOST_CHARACTERS))
        .defer("stdout", "stderr")
    )
    lines: list[str] = []
    for row in rows[:_MOST_ROWS]:
        lines += [f"$ {line}" for line in row.command.splitlines()]
        for text in (row.out, row.err, row.error_message):
            lines += [line[:_LONGEST_LINE] for line in printed(text).splitlines()]
        if row.exit_code:
            lines.append(f"exit {row.exit_code}")
        if len(lines) > MOST_LINES:
            break
    return lines


def _shown(matcher: SequenceMatcher[str], left: list[str], right: list[str]) -> Iterator[Line]:
    last = 0
    for group in matcher.get_grouped_opcodes(_AROUND):
        first = group[0][1]
        if first > last:
            yield Line(kind="gap", text=_alike(first - last))
        for kind, start, end, start_right, end_right in group:
            if kind == "equal":
                yield from (Line(kind="same", text=text) for text in left[start:end])
                continue
            yield from (Line(kind="left", text=text) for text in left[start:end])
            yield from (Line(kind="right", text=text) for text in right[start_right:end_right])
        last = group[-1][2]


def _alike(count: int) -> str:
    return "1 line alike" if count == 1 else f"{count} lines alike"
