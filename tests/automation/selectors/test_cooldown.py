import pytest

from automation.selectors import cooldown
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def test_a_cooldown_runs_from_the_last_time_it_was_queued() -> None:
    server = makers.server()
    assert cooldown.seconds_left(makers.entry(), server) == 0
    makers.execution(server=server, age_minutes=4)
    assert 330 < cooldown.seconds_left(makers.entry(), server) <= 360
    makers.execution(server=server, age_minutes=1)
    assert 510 < cooldown.seconds_left(makers.entry(), server) <= 540


def test_it_is_as_long_as_an_operator_configured() -> None:
    server = makers.server()
    makers.execution(server=server, age_minutes=4)
    assert cooldown.seconds_left(makers.entry(cooldown_minutes=3), server) == 0
    assert cooldown.seconds_left(makers.entry(cooldown_minutes=0), server) == 0
    assert cooldown.seconds_left(makers.entry(cooldown_minutes=60), server) > 3000


def test_a_dry_run_starts_none() -> None:
    execution = makers.execution(is_dry_run=True)
    assert cooldown.seconds_left(makers.entry(), execution.server) == 0
