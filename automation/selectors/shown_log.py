"""The log as pages show it: of a long log and of long output the beginning and the end.

A page must open quickly, whatever ran. What lies between is told by its size, and read when
somebody asks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import (
    Aggregate,
    Case,
    Count,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Left, Length, Replace, Right

from automation.engine.results import ActionStatus
from automation.models import Execution, ExecutionLog
from automation.selectors import executions
from opsmanager.common.problems import NotFound

STREAMS: Final = ("stdout", "stderr")
BAD: Final = (ActionStatus.FAILED, ActionStatus.TIMEOUT, ActionStatus.UNKNOWN)
"""How an action ends that pages mark as an error."""

MOST_ROWS: Final = 200
_FIRST_ROWS: Final = 50
"""Of a longer log: so many from its beginning, the rest from its end."""
_ROWS_BEFORE: Final = 20
"""Shown before a row that somebody jumps to, for what led to it."""

_SEEKS: Final[dict[str, type[Aggregate]]] = {"bad": Min, "last-bad": Max}

_WHOLE_BYTES: Final = 24_000
_WHOLE_LINES: Final = 400
_PART_CHARACTERS: Final = 8_000
_PART_LINES: Final = 100
_MOST_CHARACTERS: Final = 400_000
"""Of the output on one page; what stands above is folded to a few lines then."""
_SHORT_CHARACTERS: Final = 1_000
_SHORT_LINES: Final = 10


@dataclass(frozen=True, kw_only=True)
class Output:
    """What one command wrote to one stream, as far as the page shows it."""

    stream: str
    head: str
    """All of it where nothing is folded."""
    tail: str = ""
    folded_lines: int = 0
    folded_bytes: int = 0
    """Roughly, both of them; 0 where nothing is folded."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Rows that are there and not on the page: those from ``first`` to ``last``."""

    first: int
    last: int
    rows: int
    bad: int
    """How many of them are errors."""
    is_gap: bool = True


@dataclass(kw_only=True)
class Window:
    """Rows of a log in order, and gaps where rows were left out."""

    entries: list[ExecutionLog | Gap] = field(default_factory=list)

    @property
    def rows(self) -> list[ExecutionLog]:
        """The rows alone, each with ``outputs``: its :class:`Output` of each stream."""
        return [entry for entry in self.entries if isinstance(entry, ExecutionLog)]


def since(execution: Execution, *, after: int = 0) -> Window:
    """Return the rows with a ``seq`` above ``after``; of very many, the first and the last."""
    found = _rows(execution).filter(seq__gt=after)
    first = list(found[: MOST_ROWS + 1])
    if len(first) <= MOST_ROWS:
        return _window(execution, first)
    last = list(found.order_by("-seq")[: MOST_ROWS - _FIRST_ROWS])[::-1]
    return _window(execution, first[:_FIRST_ROWS], last)


def within(
    execution: Execution,
    *,
    first: int,
    last: int,
    seek: str = "first",
    step: int | None = None,
    row: int | None = None,
) -> Window:
    """Return some rows of a gap and, as gaps, those before and behind them.

    ``seek`` says which: the ``first``, the ``last``, or those round the first ``bad`` one or the
    ``last-bad`` one; with ``step`` those round the first row of that step, with ``row`` those round
    the one with this ``seq``.
    """
    found = _rows(execution).filter(seq__gte=first, seq__lte=last)
    if row is not None:
        rows = list(found.filter(seq__gte=row - _ROWS_BEFORE)[:MOST_ROWS])
    elif seek == "last":
        rows = list(found.order_by("-seq")[:MOST_ROWS])[::-1]
    else:
        sought = _is_bad() if step is None else Q(step_number=step)
        if step is not None or seek in _SEEKS:
            spot = found.filter(sought).order_by().aggregate(seq=_SEEKS.get(seek, Min)("seq"))
            found = found.filter(seq__gte=(spot["seq"] or first) - _ROWS_BEFORE)
        rows = list(found[:MOST_ROWS])
    if not rows:
        return Window()
    window = _window(execution, rows)
    before = _gap(execution, first, rows[0].seq - 1)
    behind = _gap(execution, rows[-1].seq + 1, last)
    window.entries = [*before, *window.entries, *behind]
    return window


def whole_output(execution: Execution, *, seq: int, stream: str) -> str:
    """Return all that a command wrote to a stream, as it is kept. Raises :class:`NotFound`."""
    rows = executions.logs(execution).filter(seq=seq)
    found = rows.values_list(stream, flat=True).first() if stream in STREAMS else None
    if found is None:
        raise NotFound("There is no such output in this log. Reload the page to see what is.")
    return str(found)


def _rows(execution: Execution) -> QuerySet[ExecutionLog]:
    """Return the rows without long output: of that, its beginning, end and number of lines."""
    parts: dict[str, Combinable] = {}
    for stream in STREAMS:
        size = Func(F(stream), function="octet_length", output_field=IntegerField())
        is_whole = Q(**{f"{stream}_bytes__lte": _WHOLE_BYTES})
        lines = Length(stream) - Length(
            Replace(stream, Value("\n"), Value(""), output_field=TextField())
        )
        parts |= {
            f"{stream}_bytes": size,
            f"{stream}_head": Case(
                When(is_whole, then=F(stream)),
                default=Left(stream, _PART_CHARACTERS),
                output_field=TextField(),
            ),
            f"{stream}_tail": Case(
                When(is_whole, then=Value("")),
                default=Right(stream, _PART_CHARACTERS),
                output_field=TextField(),
            ),
            f"{stream}_lines": Case(When(is_whole, then=Value(0)), default=lines),
        }
    return executions.logs(execution).defer(*STREAMS).annotate(**parts)


def _window(execution: Execution, *parts: Sequence[ExecutionLog]) -> Window:
    """Return one window of the parts of a log, with what lies between two of them as a gap."""
    entries: list[ExecutionLog | Gap] = []
    for part in parts:
        if entries and part:
            entries += _gap(execution, entries[-1].seq + 1, part[0].seq - 1)  # type: ignore[union-attr]
        entries += part
    window = Window(entries=entries)
    left = _MOST_CHARACTERS
    for row in reversed(window.rows):
        outputs = [output for stream in STREAMS if (output := _output(row, stream, left > 0))]
        left -= sum(len(output.head) + len(output.tail) for output in outputs)
        row.outputs = outputs  # type: ignore[attr-defined]
    return window


def _gap(execution: Execution, first: int, last: int) -> list[Gap]:
    """Return the gap from one ``seq`` to another; nothing where no row is left out."""
    if last < first:
        return []
    found = (
        executions.logs(execution)
        .filter(seq__gte=first, seq__lte=last)
        .order_by()
        .aggregate(
            first=Min("seq"), last=Max("seq"), rows=Count("seq"), bad=Count("seq", filter=_is_bad())
        )
    )
    return [Gap(**found)] if found["rows"] else []


def _is_bad() -> Q:
    return Q(status__in=BAD)


def _output(row: ExecutionLog, stream: str, has_room: bool) -> Output | None:  # noqa: FBT001 - two pages of one table
    known: dict[str, Any] = {
        name: getattr(row, f"{stream}_{name}") for name in ("head", "tail", "lines", "bytes")
    }
    if not known["bytes"]:
        return None
    most = (_WHOLE_LINES, _WHOLE_BYTES) if has_room else (2 * _SHORT_LINES, 2 * _SHORT_CHARACTERS)
    head, tail, size = known["head"], known["tail"], known["bytes"]
    if not tail:
        if head.count("\n") <= most[0] and len(head) <= most[1]:
            return Output(stream=stream, head=head)
        tail, known["lines"] = head, head.count("\n")
    lines = _PART_LINES if has_room else _SHORT_LINES
    characters = _PART_CHARACTERS if has_room else _SHORT_CHARACTERS
    head, tail = _beginning(head, lines, characters), _ending(tail, lines, characters)
    return Output(
        stream=stream,
        head=head,
        tail=tail,
        folded_lines=max(known["lines"] - head.count("\n") - tail.count("\n"), 0),
        folded_bytes=max(size - _bytes(head, tail), 1),
    )


def _beginning(text: str, lines: int, characters: int) -> str:
    """Return so many lines from the beginning; a line that is longer than all is cut."""
    parts = text[:characters].split("\n")
    whole = parts[:lines] if len(parts) > lines else parts[:-1]
    return "\n".join(whole) + "\n" if whole else parts[0]


def _ending(text: str, lines: int, characters: int) -> str:
    """Return so many lines from the end, as :func:`_beginning` does."""
    cut = text[-characters:]
    end = "\n" if cut.endswith("\n") else ""
    parts = cut.removesuffix("\n").split("\n")
    return "\n".join(parts[-lines:] if len(parts) > lines else parts[1:] or parts) + end


def _bytes(*texts: str) -> int:
    return sum(len(text.encode(errors="replace")) for text in texts)


def anchored(window: Window, *, is_beginning: bool = False) -> None:
    """Give the first row of each step an id that other pages lead to.

    A row behind a gap, or the first of a window that is not the log's ``is_beginning``, may have
    one of its step before it.
    """
    seen: set[int] = set()
    is_known = is_beginning
    for entry in window.entries:
        if isinstance(entry, Gap):
            is_known = False
            continue
        entry.is_first_of_step = is_known and entry.step_number not in seen  # type: ignore[attr-defined]
        seen.add(entry.step_number)
        is_known = True
