"""Times and durations as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import timezone as clock

from opsmanager.common.templatetags import times


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, ""),
        (0, "0 ms"),
        (340, "340 ms"),
        (999, "999 ms"),
        (1_000, "1 s"),
        (2_140, "2.1 s"),
        (65_000, "1 min 05 s"),
        (3_600_000, "1 h 00 min"),
        (7_380_000, "2 h 03 min"),
        (180_000_000, "2 d 2 h"),
    ],
)
def test_a_duration_has_two_units_at_most(milliseconds: int | None, words: str) -> None:
    assert times.duration(milliseconds) == words


def test_a_duration_may_be_given_in_seconds() -> None:
    assert times.seconds(4.2) == "4.2 s"
    assert times.seconds(None) == ""


def test_a_moment_is_said_in_utc() -> None:
    summer = timezone(timedelta(hours=2))
    assert times.moment(datetime(2026, 7, 1, 3, 0, 5, tzinfo=summer)) == "2026-07-01 01:00:05 UTC"
    assert times.moment(None) == ""


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (timedelta(seconds=1), "just now"),
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(minutes=3, seconds=59), "3 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=9), "9 d ago"),
        (-timedelta(hours=2, minutes=1), "in 2 h"),
        # What was to last so long is not said to last less a moment later.
        (-timedelta(days=90) + timedelta(seconds=3), "in 90 d"),
        (-timedelta(hours=23, minutes=40), "in 24 h"),
    ],
)
def test_a_distance_in_time_is_said_in_its_largest_unit(gone: timedelta, words: str) -> None:
    assert f">{words}</time>" in times.ago(clock.now() - gone)


def test_the_exact_time_is_one_hover_away() -> None:
    html = times.ago(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert 'title="2026-01-02 03:04:05 UTC"' in html
    assert 'datetime="2026-01-02T03:04:05+00:00"' in html


def test_what_runs_says_for_how_long_and_goes_on_in_the_browser() -> None:
    html = times.elapsed(clock.now() - timedelta(minutes=1, seconds=30))
    assert "data-elapsed" in html
    assert ">1 min 3" in html


def test_what_waits_says_how_long_and_goes_on_in_the_browser() -> None:
    html = times.countdown(90)
    assert "data-countdown" in html
    assert ">1 min 30 s</time>" in html


def test_a_countdown_ends_at_nothing() -> None:
    assert ">0 ms</time>" in times.countdown(-5)


def test_no_time_is_said_by_no_words() -> None:
    assert times.ago(None) == times.elapsed(None) == times.countdown(None) == ""
