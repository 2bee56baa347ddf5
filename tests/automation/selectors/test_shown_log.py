"""Of a long log and long output, pages show beginning and end, and say what is between."""

import pytest

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, ExecutionLog
from automation.selectors import shown_log
from automation.selectors.shown_log import Gap, Output, Window
from opsmanager.common.problems import NotFound
from tests.automation import makers

pytestmark = pytest.mark.django_db


@pytest.fixture
def execution(rows: object) -> Execution:
    return makers.execution(status=Status.SUCCESS)


def fill(execution: Execution, last: int, *, bad: tuple[int, ...] = ()) -> None:
    """Write rows 1 to ``last``; those in ``bad`` failed."""
    first = makers.log_row(execution, 1)
    known = {field.attname: getattr(first, field.attname) for field in first._meta.concrete_fields}
    ExecutionLog.objects.bulk_create(
        ExecutionLog(
            **known
            | {"seq": seq, "step_number": 1 + seq // 1000}
            | ({"status": ActionStatus.FAILED} if seq in bad else {})
        )
        for seq in range(2, last + 1)
    )


def spans(window: Window) -> list[tuple[str, int, int]]:
    """Return what stands in a window: rows and gaps, each from its first to its last."""
    found: list[tuple[str, int, int]] = []
    for entry in window.entries:
        if isinstance(entry, Gap):
            found.append(("gap", entry.first, entry.last))
        elif found and found[-1][0] == "rows" and found[-1][2] == entry.seq - 1:
            found[-1] = ("rows", found[-1][1], entry.seq)
        else:
            found.append(("rows", entry.seq, entry.seq))
    return found


def outputs(execution: Execution, **fields: str) -> list[Output]:
    makers.log_row(execution, 1, **{"stdout": "", "stderr": ""} | fields)
    (row,) = shown_log.since(execution).rows
    found: list[Output] = row.outputs  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("last", [1, 200])
def test_a_log_of_200_rows_is_shown_whole(execution: Execution, last: int) -> None:
    fill(execution, last)
    assert spans(shown_log.since(execution)) == [("rows", 1, last)]


def test_of_a_longer_one_the_first_50_and_the_last_150(execution: Execution) -> None:
    fill(execution, 2000, bad=(3, 400, 1200))
    window = shown_log.since(execution)
    assert spans(window) == [("rows", 1, 50), ("gap", 51, 1850), ("rows", 1851, 2000)]
    (gap,) = (entry for entry in window.entries if isinstance(entry, Gap))
    assert (gap.rows, gap.bad) == (1800, 2)
    assert spans(shown_log.since(execution, after=1900)) == [("rows", 1901, 2000)]


@pytest.mark.parametrize(
    ("seek", "step", "expected"),
    [
        ("first", None, [("rows", 51, 250), ("gap", 251, 1850)]),
        ("last", None, [("gap", 51, 1650), ("rows", 1651, 1850)]),
        ("bad", None, [("gap", 51, 379), ("rows", 380, 579), ("gap", 580, 1850)]),
        ("last-bad", None, [("gap", 51, 1179), ("rows", 1180, 1379), ("gap", 1380, 1850)]),
        ("first", 2, [("gap", 51, 979), ("rows", 980, 1179), ("gap", 1180, 1850)]),
        ("first", 9, [("rows", 51, 250), ("gap", 251, 1850)]),
        ("odd", None, [("rows", 51, 250), ("gap", 251, 1850)]),
    ],
)
def test_a_gap_gives_way_where_somebody_looks(
    execution: Execution, seek: str, step: int | None, expected: list[tuple[str, int, int]]
) -> None:
    fill(execution, 2000, bad=(400, 1200))
    window = shown_log.within(execution, first=51, last=1850, seek=seek, step=step)
    assert spans(window) == expected


def test_where_nothing_is_there_is_no_gap_either(execution: Execution) -> None:
    assert shown_log.within(execution, first=1, last=99).entries == []


def test_short_output_is_whole_and_none_is_none(execution: Execution) -> None:
    assert outputs(execution, stderr="one\ntwo\n") == [Output(stream="stderr", head="one\ntwo\n")]


def test_of_100000_lines_the_first_and_last_hundred(execution: Execution) -> None:
    text = "".join(f"row {n}\n" for n in range(1, 100_001))
    (output,) = outputs(execution, stdout=text)
    assert output.head.splitlines() == [f"row {n}" for n in range(1, 101)]
    assert output.tail.splitlines() == [f"row {n}" for n in range(99_901, 100_001)]
    assert output.folded_lines == 99_800
    assert shown_log.whole_output(execution, seq=1, stream="stdout") == text


def test_many_short_lines_are_folded_and_one_long_line_is_cut(execution: Execution) -> None:
    (output,) = outputs(execution, stdout="x\n" * 1000)
    assert (output.head, output.tail) == ("x\n" * 100, "x\n" * 100)
    assert output.folded_lines == 800
    ExecutionLog.objects.all().delete()
    (output,) = outputs(execution, stdout="ä" * 50_000)
    assert (output.head, output.tail) == ("ä" * 8000, "ä" * 8000)
    assert output.folded_lines == 0
    assert output.folded_bytes == 100_000 - 32_000


def test_together_the_outputs_of_a_page_stay_within_bounds(execution: Execution) -> None:
    for seq in range(1, 101):
        makers.log_row(execution, seq, stdout=f"row of {seq:03}\n" * 399, stderr="e" * 20_000)
    shown = shown_log.since(execution).rows
    sizes = [
        sum(len(output.head) + len(output.tail) for output in row.outputs)  # type: ignore[attr-defined]
        for row in shown
    ]
    assert sum(sizes) < 1_000_000
    assert sizes[-1] > 20_000 > sizes[0]
    assert shown[0].outputs[0].head.startswith("row of 001")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("seq", "stream"), [(2, "stdout"), (1, "command"), (1, "pk")])
def test_what_is_no_output_is_not_found(execution: Execution, seq: int, stream: str) -> None:
    makers.log_row(execution, 1)
    with pytest.raises(NotFound):
        shown_log.whole_output(execution, seq=seq, stream=stream)
