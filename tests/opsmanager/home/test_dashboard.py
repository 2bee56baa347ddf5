"""Grafana's dashboard asks for what /metrics tells, and for all of it that somebody looks at."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from opsmanager.home import metrics
from tests.automation import makers
from tests.automation.conftest import library, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

__all__ = ["library", "rows"]
DASHBOARD = Path(__file__).parents[3] / "docs" / "grafana" / "opsmanager.json"
BOARD: dict[str, Any] = json.loads(DASHBOARD.read_text())
ASKED = [target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", [])]
NOT_SHOWN = {"opsmanager_notifications_waiting"}
"""Its number says little: how long the oldest has waited is shown."""


def named(text: str) -> set[str]:
    return set(re.findall(r"\bopsmanager_[a-z_]+", text))


def test_it_asks_for_nothing_that_is_not_told_and_shows_what_is() -> None:
    makers.execution()
    told = set(re.findall(r"^# TYPE (opsmanager_\w+)", metrics.text().decode(), re.MULTILINE))
    asked = {name for expression in ASKED for name in named(expression)}
    assert asked - told == set()
    assert told - asked == NOT_SHOWN


def test_several_webs_that_tell_the_same_are_counted_once() -> None:
    for expression in ASKED:
        assert re.search(r"\b(max|min)( by \([a-z, ]+\))? \(|\b(max|min)\(", expression), expression


def test_no_two_panels_lie_over_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        place = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not place & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= place
