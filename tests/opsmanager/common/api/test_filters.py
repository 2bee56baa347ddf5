from datetime import UTC, datetime, timedelta, timezone

import pytest

from opsmanager.common.api.filters import filtered
from opsmanager.common.models import Pulse
from opsmanager.common.problems import Invalid
from servers.models import Server
from tests.support import servers

pytestmark = pytest.mark.django_db


def names(asked: dict[str, str]) -> list[str]:
    rows = filtered(
        Server.objects.all(),
        asked,
        words={"environment": "environment"},
        uuids={"groupId": "groups"},
        flags={"isActive": "is_active"},
    )
    return [row.name for row in rows]


def since(text: str) -> datetime:
    rows = filtered(Pulse.objects.all(), {"startDate": text}, times={"startDate": "seen_at__gte"})
    return rows.query.where.children[0].rhs


def test_what_is_not_asked_for_or_left_empty_filters_nothing() -> None:
    servers.server("web1")
    assert names({}) == ["web1"]
    assert names({"environment": "", "groupId": "", "isActive": "", "unheardOf": "x"}) == ["web1"]


def test_words_may_be_several() -> None:
    servers.server("web1", environment="PRODUCTION")
    servers.server("web2", environment="STAGING")
    servers.server("web3", environment="DEMO")
    assert names({"environment": "STAGING"}) == ["web2"]
    assert names({"environment": "STAGING,DEMO"}) == ["web2", "web3"]
    assert names({"environment": "staging"}) == []


def test_flags_and_uuids_are_read() -> None:
    group = servers.group()
    servers.server("web1", groups=(group,))
    servers.server("web2", is_active=False)
    assert names({"groupId": str(group.pk)}) == ["web1"]
    assert names({"isActive": "True"}) == ["web1"]
    assert names({"isActive": "false"}) == ["web2"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"groupId": "web"}, "groupId can't be read. Use a UUID."),
        ({"isActive": "yes"}, "isActive can't be read. Use true or false."),
    ],
)
def test_what_can_not_be_read_is_refused_by_name(asked: dict[str, str], sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        names(asked)
    assert refusal.value.message == sentence
    (name,) = asked
    assert refusal.value.details == {name: [sentence.partition("read. ")[2]]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-1", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T03:00:00Z", datetime(2026, 11, 1, 3, tzinfo=UTC)),
        ("2026-11-01T03:00:00", datetime(2026, 11, 1, 3, tzinfo=UTC)),
        ("2026-11-01 03:00:00", datetime(2026, 11, 1, 3, tzinfo=UTC)),
        (
            "2026-11-01T03:00:00+02:00",
            datetime(2026, 11, 1, 3, tzinfo=timezone(timedelta(hours=2))),
        ),
        # As it arrives from a client that did not encode the plus.
        (
            "2026-11-01T03:00:00 02:00",
            datetime(2026, 11, 1, 3, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_times_are_read_in_iso_8601_and_are_utc_unless_they_say(
    text: str, expected: datetime
) -> None:
    assert since(text) == expected


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-02-30", "25:00", "1.5"])
def test_a_time_that_can_not_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Invalid, match="such as 2026-11-01 or 2026-11-01T03:00:00Z") as refusal:
        since(text)
    assert list(refusal.value.details) == ["startDate"]
