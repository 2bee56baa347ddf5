import pytest

from automation import cron


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("15 3 * * *", "15 3 * * *"),
        ("  */5\t8-17  * * mon-fri ", "*/5 8-17 * * MON-FRI"),
        ("@daily", "0 0 * * *"),
        ("@Hourly", "0 * * * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 * * 5-7", "0 0 * * 5-7"),
        ("0 0 L * *", "0 0 L * *"),
        ("0 0 * * MON#1,5L", "0 0 * * MON#1,5L"),
    ],
)
def test_what_cron_reads_is_taken(written: str, meant: str) -> None:
    assert cron.normalised(written) == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "Write five fields"),
        ("0 3 * *", "this has 4"),
        ("0 0 3 * * *", "this has 6. There is none for seconds or years"),
        ("@reboot", "@reboot is no time"),
        ("60 * * * *", "60 is no minute: write a number from 0 to 59"),
        ("0 24 * * *", "24 is no hour"),
        ("0 0 0 * *", "0 is no day of the month: write a number from 1 to 31"),
        ("0 0 * XYZ *", "“XYZ” is no month: write 1 to 12, or JAN to DEC"),
        ("5/15 * * * *", "Write 5-59/15"),
        ("*/90 * * * *", "begin anew with each hour"),
        ("*/0 * * * *", "steps of the minute are from 1 to 60"),
        ("30-10 * * * *", "ends before it begins"),
        ("0 0 * * FRI-SUN", "Sunday as 7 at the end"),
        ("1,,2 * * * *", "a comma with nothing beside it"),
        ("0 0 ? * *", "“?” is no day of the month"),
        ("0 0 * * MON#6", "“MON#6” is no day of the week"),
        ("0 0 30 2 *", "never falls due"),
        ("0 0 31 4,6,9,11 *", "never falls due"),
        ("² * * * *", "“²” is no minute"),
        (f"{','.join('1' * 200)} * * * *", "Write five fields"),
    ],
)
def test_what_it_does_not_read_is_refused_with_what_to_write(written: str, said: str) -> None:
    with pytest.raises(cron.CronInvalid) as problem:
        cron.normalised(written)
    assert said in str(problem.value)


def test_a_star_tells_a_time_of_the_day_from_what_follows_the_clock() -> None:
    assert not cron.fields("0 3 * * *").follows_wall_clock
    assert cron.fields("0 * * * *").follows_wall_clock
    assert cron.fields("*/5 3 * * *").follows_wall_clock


def test_days_of_month_and_week_are_either_or_unless_one_is_a_star() -> None:
    assert cron.fields("0 0 1 * MON").is_either_day
    assert not cron.fields("0 0 1 * *").is_either_day
    assert not cron.fields("0 0 */2 * MON").is_either_day
    assert cron.fields("0 0 * * 0,7").weekdays == {0}
    assert cron.fields("0 0 L * *").days is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("15 3 * * *", "At 03:15 every day"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("0 22 * * 1-5", "At 22:00, Monday through Friday"),
        (
            "0 0 1 * MON",
            "At 00:00, on day 1 of the month; also at 00:00, only on Monday",
        ),
        ("0 3 L * *", "At 03:00, on the last day of the month"),
    ],
)
def test_it_is_said_in_words(expression: str, words: str) -> None:
    assert cron.in_words(expression) == words


def test_what_is_seldom_says_when_it_is() -> None:
    said = cron.in_words("0 0 * 2 MON#5")
    assert said.startswith("At 00:00, on the fifth Monday of the month")
    assert said.endswith("; next on 2044-02-29")
