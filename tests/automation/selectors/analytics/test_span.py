from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from automation.selectors.analytics import span as spans
from automation.selectors.analytics.span import Grouping, Span
from opsmanager.common.problems import Invalid

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def made(zone: str = "UTC", **asked) -> Span:
    return spans.span(zone=ZoneInfo(zone), now=NOW, **asked)


def hours(span: Span) -> list[float]:
    ends = [*span.beginnings[1:], span.end]
    return [
        (end - begin).total_seconds() / 3600
        for begin, end in zip(span.beginnings, ends, strict=True)
    ]


@pytest.mark.parametrize(
    ("first", "lengths"),
    [
        (date(2026, 3, 28), [24, 23, 24]),
        (date(2026, 10, 24), [24, 25, 24]),
    ],
)
def test_days_have_the_hours_that_the_clocks_give_them(first: date, lengths: list[int]) -> None:
    span = made("Europe/Berlin", start=first, end=first + timedelta(days=3))
    assert span.periods == [first, first + timedelta(days=1), first + timedelta(days=2)]
    assert hours(span) == lengths


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("UTC", datetime(2026, 3, 29, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 3, 28, 15, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 3, 28, 10, tzinfo=UTC)),
        ("Pacific/Pago_Pago", datetime(2026, 3, 29, 11, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 3, 28, 18, 15, tzinfo=UTC)),
        # Its clocks skip the midnight of this day.
        ("Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),
    ],
)
def test_a_date_is_its_first_moment_in_the_zone(zone: str, moment: datetime) -> None:
    span = made(zone, start=date(2026, 3, 29), end=date(2026, 3, 30))
    assert (span.start, span.beginnings, span.periods) == (moment, [moment], [date(2026, 3, 29)])


def test_of_a_midnight_that_comes_twice_the_first_one_counts() -> None:
    span = made("America/Havana", start=date(2026, 10, 31), end=date(2026, 11, 3))
    assert hours(span) == [24, 25, 24]
    assert span.beginnings[1] == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_is_no_period() -> None:
    span = made("Pacific/Apia", start=date(2011, 12, 29), end=date(2012, 1, 1))
    assert span.periods == [date(2011, 12, 29), date(2011, 12, 31)]
    assert hours(span) == [24, 24]


def test_weeks_begin_on_monday_and_are_cut_at_the_span() -> None:
    start, end = datetime(2026, 11, 4, 6, tzinfo=UTC), datetime(2026, 11, 16, 1, tzinfo=UTC)
    span = made(start=start, end=end, grouping=Grouping.WEEK)
    assert span.periods == [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]
    assert hours(span) == [24 * 5 - 6, 24 * 7, 1]


def test_months_are_those_of_the_calendar() -> None:
    span = made(start=date(2025, 12, 31), end=date(2026, 3, 2), grouping=Grouping.MONTH)
    assert span.periods == [
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 3, 1),
    ]
    assert hours(span) == [24, 24 * 31, 24 * 28, 24]


def test_an_end_at_midnight_begins_no_period() -> None:
    assert made(start=date(2026, 11, 1), end=date(2026, 11, 2)).periods == [date(2026, 11, 1)]


def test_without_dates_it_is_the_last_thirty_days_until_now() -> None:
    span = made("Europe/Berlin")
    assert (span.start, span.end) == (datetime(2026, 10, 25, 23, tzinfo=UTC), NOW)
    assert (len(span.periods), span.periods[-1]) == (30, date(2026, 11, 24))


def test_without_a_start_it_is_the_thirty_days_before_the_end() -> None:
    span = made(end=date(2026, 3, 31))
    assert span.periods[0] == date(2026, 3, 1)
    assert (len(span.periods), span.periods[-1]) == (30, date(2026, 3, 30))


def test_a_time_without_an_offset_is_one_of_the_zone() -> None:
    span = made("Asia/Tokyo", start=datetime(2026, 11, 1, 9), end=NOW)  # noqa: DTZ001
    assert span.start == datetime(2026, 11, 1, tzinfo=UTC)


def test_the_span_before_is_as_long_and_ends_where_it_starts() -> None:
    span = made("Europe/Berlin", start=date(2026, 3, 29), end=date(2026, 3, 30))
    before = span.before
    assert (before.end, before.end - before.start) == (span.start, timedelta(hours=23))


@pytest.mark.parametrize(
    ("grouping", "end", "too_many"),
    [
        (Grouping.DAY, date(2002, 9, 27), "1,001 days"),
        (Grouping.WEEK, date(2019, 2, 25), "1,001 weeks"),
        (Grouping.MONTH, date(2083, 5, 1), "1,001 months"),
    ],
)
def test_a_thousand_periods_are_the_most(grouping: Grouping, end: date, too_many: str) -> None:
    asked = {"start": date(2000, 1, 1), "grouping": grouping}
    assert len(made(end=end, **asked).periods) == 1000
    with pytest.raises(Invalid, match=too_many) as refused:
        made(end=end + timedelta(days=1), **asked)
    assert "shorter span" in refused.value.details["groupBy"][0]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 11, 2), date(2026, 11, 2)),
        (date(2026, 11, 3), date(2026, 11, 2)),
        (date(2026, 11, 25), None),
    ],
)
def test_a_span_that_is_empty_is_refused(start: date, end: date | None) -> None:
    with pytest.raises(Invalid) as refused:
        made(start=start, end=end)
    assert list(refused.value.details) == ["startDate"]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("startDate", {"start": date(1, 1, 1)}),
        ("startDate", {"start": datetime(9999, 12, 31, 23, tzinfo=UTC)}),
        ("endDate", {"end": date(9999, 12, 31)}),
        ("endDate", {"end": date(1969, 12, 31)}),
    ],
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_years_of_no_execution_are_refused(zone: str, name: str, asked: dict[str, date]) -> None:
    with pytest.raises(Invalid, match="1970 to 2200") as refused:
        made(zone, **asked)
    assert list(refused.value.details) == [name]


def test_the_earliest_end_has_thirty_days_before_it() -> None:
    assert made(end=date(1970, 1, 1)).end == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "+02:00", "../../etc/passwd", "Europe", "\0"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="Europe/Berlin"):
        spans.zone(name)


def test_a_zone_is_found_by_its_iana_name() -> None:
    assert spans.zone("Europe/Berlin").key == "Europe/Berlin"
