"""What counts as held on to after a long run."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.endurance import verdict
from tests.endurance.run import Course, Point, Scale
from tests.endurance.samples import Held, Sample

HELD = Held(pid=7, rss=100, pss=80, uss=70, threads=20, files=40)


def course(
    held: Held = HELD, *, connections: int = 0, name: str = "worker", **changes: Any
) -> Course:
    def point(held: Held, name: str, connections: int) -> Point:
        sample = Sample(processes={name: held}, backends=3, connections=connections)
        return Point(executions=10, sample=sample, idle_after=61)

    made = Course(
        scale=Scale(executions=20, seconds=60),
        first=point(HELD, "worker", 0),
        last=point(held, name, connections),
        most=None,
        seconds=30,
        answers={"launch": [0.1, 0.3, 0.2]},
        wrong=[],
        ends={"look": {"SUCCESS": 20}},
        upkeep=Counter(),
    )
    return replace(made, **changes)


@pytest.mark.parametrize("changes", [{"rss": 109.9}, {"rss": 50}, {"threads": 15}, {"files": 50}])
def test_a_little_more_or_less_is_right(changes: dict[str, Any]) -> None:
    assert verdict.wrong(course(replace(HELD, **changes))) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rss": 111}, "worker grew by 11%: 100.0 to 111.0 MiB."),
        ({"threads": 26}, "worker had 20 threads, and has 26."),
        ({"threads": 14}, "worker had 20 threads, and has 14."),
        ({"files": 51}, "worker had 40 open files, and has 51."),
        ({"pid": 8}, "worker ended, and is another process now."),
    ],
)
def test_more_is_told(changes: dict[str, Any], said: str) -> None:
    assert verdict.wrong(course(replace(HELD, **changes))) == [said]


def test_memory_is_judged_on_demand() -> None:
    assert verdict.wrong(course(replace(HELD, rss=300)), judges_memory=False) == []


def test_other_processes_connections_and_ends_are_told() -> None:
    assert verdict.wrong(course(name="web", connections=2, wrong=["x"])) == [
        "There were ['worker'], and are ['web'].",
        "2 connections to servers were open 61 s after the last execution.",
        "x",
    ]


def test_the_table_has_both_points() -> None:
    table = "\n".join(verdict.lines(course(replace(HELD, rss=105))))
    assert "100.0 → 105.0" in table
    assert "+5.0%" in table
    assert "launch" in table
    assert "0.30 s" in table
