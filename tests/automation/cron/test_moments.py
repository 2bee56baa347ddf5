import random
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter

from automation import cron
from tests.automation.cron import debian

START = datetime(2027, 1, 1, tzinfo=UTC)
END = datetime(2028, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
EXPRESSIONS = (
    "15 3 * * *",
    "30 2 * * *",  # left out in spring
    "30 1 * * *",  # shown twice in autumn
    "0,30 1-3 * * *",
    "45 1 * * 0",
    "10 2 1-14 3 *",
    "0 4 13 * 5",
    "0 22 * * 1-5",
    "* 0-4 * * 0",
    "*/10 1,2 * * *",
    "0 */2 * * *",
    "*/7 * * * 0",
    "20 * * 3,4,9,10,11 7",
    "0 0 31 * *",
)


@cache
def walk(zone: str) -> debian.Walk:
    return debian.year(zone)


def through(expression: str, zone: str, after: datetime, until: datetime) -> list[datetime]:
    return list(takewhile(lambda at: at <= until, cron.following(expression, zone, after)))


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_is_that_of_debians_cron(zone: str) -> None:
    for expression in EXPRESSIONS:
        found = through(expression, zone, START, END)
        expected = [at for at in walk(zone).moments(expression) if START < at <= END]
        assert found == expected, expression


@pytest.mark.parametrize("zone", ZONES)
def test_each_is_found_once_however_the_year_is_cut(zone: str) -> None:
    """Also where a cut falls into an hour that is left out, or shown twice."""
    chance = random.Random(7)
    for expression in ("30 2 * * *", "0,30 1-3 * * *", "*/10 1,2 * * *", "20 * * * 0"):
        found: list[datetime] = []
        after = START
        while after < END:
            length = chance.choice((0.7, 13, 400, 1900, 90_000, 900_000)) * chance.random()
            until = min(after + timedelta(seconds=length), END)
            found += through(expression, zone, after, until)
            after = until
        assert found == through(expression, zone, START, END), expression


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/Berlin"])
def test_where_no_clock_changes_it_is_as_croniter_says(zone: str) -> None:
    where = ZoneInfo(zone)

    def is_changing(at: datetime) -> bool:
        day = timedelta(days=1)
        return (at - day).astimezone(where).utcoffset() != (at + day).astimezone(where).utcoffset()

    for expression in EXPRESSIONS[::2]:
        other = croniter(expression, START.astimezone(where), ret_type=datetime)
        theirs = takewhile(lambda at: at <= END, (at.astimezone(UTC) for at in other))
        expected = [at for at in theirs if not is_changing(at)]
        found = [at for at in through(expression, zone, START, END) if not is_changing(at)]
        assert found == expected, expression


def first(expression: str, zone: str, after: str) -> str:
    found = cron.next_after(expression, zone, datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found is not None
    return found.isoformat(timespec="minutes").removesuffix("+00:00")


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        # Berlin has no 02:30 on 28 March, and so runs it at 03:00.
        ("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00", "2027-03-28T01:00"),
        ("*/30 2 * * *", "Europe/Berlin", "2027-03-27T12:00", "2027-03-29T00:00"),
        # New York shows 01:30 twice on 7 November: the first one counts.
        ("30 1 * * *", "America/New_York", "2027-11-06T12:00", "2027-11-07T05:30"),
        ("30 1 * * *", "America/New_York", "2027-11-07T05:30", "2027-11-08T06:30"),
        ("*/30 1 * * *", "America/New_York", "2027-11-07T05:30", "2027-11-07T06:00"),
        # Lord Howe Island puts its clocks back by half an hour, from 02:00 to 01:30.
        ("*/10 2 * * *", "Australia/Lord_Howe", "2027-04-03T14:00", "2027-04-03T15:30"),
        ("0 0 29 2 *", "UTC", "2027-01-01T00:00", "2028-02-29T00:00"),
        ("0 3 L * *", "UTC", "2027-02-01T00:00", "2027-02-28T03:00"),
        ("0 3 * * MON#1", "UTC", "2027-02-02T00:00", "2027-03-01T03:00"),
        ("0 3 * * 5L", "UTC", "2027-02-02T00:00", "2027-02-26T03:00"),
    ],
)
def test_the_next_one(expression: str, zone: str, after: str, expected: str) -> None:
    assert first(expression, zone, after) == expected


@pytest.mark.parametrize("name", ["Berlin", "", "europe/berlin", "../UTC", "localtime", "UTC\0"])
def test_what_is_no_zone_is_said(name: str) -> None:
    with pytest.raises(cron.ZoneInvalid, match="There is no time zone"):
        cron.zone(name)
