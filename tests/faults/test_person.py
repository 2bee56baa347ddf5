"""Who decides goes by what the servers wrote down, and has nothing run again that may have run."""

import pytest

from tests.faults.fleet import Line
from tests.faults.person import Decision, verdict


def line(step: str, code: int | None = None) -> Line:
    return Line(key="a", action=f"a-{step}", step=step, code=code)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], Decision.RUN_AGAIN),
        ([line("look"), line("look", 0)], Decision.RUN_AGAIN),
        ([line("first")], Decision.FAILED),
        ([line("first"), line("first", 0)], Decision.FAILED),
        ([line("first"), line("first", 0), line("second"), line("second", 3)], Decision.FAILED),
        ([line("first"), line("first", 0), line("second"), line("second", 0)], Decision.SUCCESS),
    ],
)
def test_the_servers_record_decides(lines: list[Line], expected: Decision) -> None:
    assert verdict(lines) is expected
