import pytest
from django.contrib.auth.models import AnonymousUser

from automation.engine.results import Status
from automation.models import Execution, Priority
from automation.selectors import executions
from opsmanager.common.problems import NotFound
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def test_nobody_sees_nothing() -> None:
    execution = makers.execution()
    assert not executions.visible_to(AnonymousUser()).exists()
    with pytest.raises(NotFound):
        executions.get(AnonymousUser(), execution.pk)


def test_only_what_nothing_better_followed() -> None:
    server = makers.server()
    healed = makers.execution(server=server, status=Status.FAILED, age_minutes=5)
    good = makers.execution(server=server, status=Status.SUCCESS, age_minutes=4)
    again = makers.execution(server=server, status=Status.FAILED, age_minutes=3)
    elsewhere = makers.execution(status=Status.FAILED, age_minutes=9)
    failed = Execution.objects.filter(status=Status.FAILED)
    left = executions.without_later(failed, Execution.objects.filter(pk=good.pk))
    assert set(left) == {again, elsewhere}
    assert healed not in left


@pytest.mark.parametrize("priority", list(Priority))
def test_a_priority_is_named_as_the_api_does(priority: Priority) -> None:
    assert executions.priority_name(makers.execution(priority=priority)) == priority.name
