"""The rules for Prometheus: known to promtool, about what is told, and right about a bad day."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from opsmanager.home import metrics

RULES = Path(__file__).parents[3] / "docs" / "prometheus" / "opsmanager.rules.yml"
STORY = Path(__file__).with_name("rules_story.yml")
GUIDE = RULES.parents[1] / "operations" / "monitoring.md"
MISSING = "promtool is not here. Debian: apt-get install prometheus"


def promtool(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    if program is None:
        pytest.fail(MISSING) if os.environ.get("CI") == "true" else pytest.skip(MISSING)
    return subprocess.run(
        [program, *words], input=given, check=False, capture_output=True, text=True, timeout=120
    )


def test_the_rules_are_well_formed() -> None:
    ended = promtool("check", "rules", str(RULES))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_they_are_silent_on_a_good_day_and_speak_on_a_bad_one(tmp_path: Path) -> None:
    story = tmp_path / "story.yml"
    story.write_text(STORY.read_text().replace("RULES", str(RULES)))
    ended = promtool("test", "rules", str(story))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.django_db
def test_what_is_told_is_written_as_prometheus_wants_it() -> None:
    ended = promtool("check", "metrics", given=metrics.text().decode())
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


@pytest.mark.django_db
def test_they_ask_for_nothing_that_is_not_told() -> None:
    told = set(re.findall(r"^# TYPE (opsmanager_\w+) ", metrics.text().decode(), re.MULTILINE))
    wanted = set(re.findall(r"opsmanager_\w+", RULES.read_text()))
    assert wanted - told == set()


@pytest.mark.django_db
def test_the_guide_names_each_alert_and_each_metric() -> None:
    guide = GUIDE.read_text()
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    told = set(re.findall(r"^# TYPE (opsmanager_\w+) ", metrics.text().decode(), re.MULTILINE))
    assert {name for name in alerts | told if f"`{name}`" not in guide} == set()
