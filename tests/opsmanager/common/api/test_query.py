from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.http import QueryDict

from opsmanager.common.api.query import PagedQuery, Query
from opsmanager.common.api.query_fields import Flag, Ordering, Text, Texts, Uuid, When, Whole, Words
from opsmanager.common.problems import Invalid
from servers.models import Server
from tests.support import servers

ID = "51f52954-c23e-47d4-b97f-19d76164d3d0"


class Sample(PagedQuery):
    search = Text()
    runbook_id = Text(allow_empty=False)
    environment = Words(("STAGING", "DEMO"))
    verb = Texts()
    group_id = Uuid()
    is_active = Flag()
    after = Whole(0, 99)
    start_date = When()
    ordering = Ordering("name", "created_at")

    filters = {"environment": "environment__in", "is_active": "is_active"}


def read(query: str) -> dict[str, Any]:
    return Sample.read(QueryDict(query))


def refused(query: str) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refusal:
        read(query)
    return refusal.value.details


def test_what_is_not_asked_for_is_not_there_but_the_page() -> None:
    assert read("") == {"page": 1, "limit": 20}


def test_each_kind_of_value_is_read() -> None:
    query = f"search=x&runbookId=A_B&groupId={ID}&isActive=false&after=7&page=2&limit=100"
    found = read(query)
    assert found["group_id"].hex == ID.replace("-", "")
    del found["group_id"]
    assert found == {
        "search": "x",
        "runbook_id": "A_B",
        "is_active": False,
        "after": 7,
        "page": 2,
        "limit": 100,
    }


@pytest.mark.parametrize("query", ["STAGING,DEMO", "STAGING&environment=DEMO"])
def test_words_may_be_several_by_commas_or_by_being_repeated(query: str) -> None:
    assert read(f"environment={query}")["environment"] == ["STAGING", "DEMO"]


def test_texts_may_be_several_too() -> None:
    assert read("verb=A,B&verb=C")["verb"] == ["A", "B", "C"]


def test_an_ordering_is_told_by_its_name_on_the_wire_and_becomes_a_column() -> None:
    assert read("ordering=createdAt")["ordering"] == "created_at"
    assert read("ordering=-createdAt")["ordering"] == "-created_at"


@pytest.mark.parametrize(
    ("query", "name", "sentence"),
    [
        ("serverID=x", "serverID", "There is no such parameter. Check its spelling."),
        ("group_id=x", "group_id", "There is no such parameter. Check its spelling."),
        ("page=1&page=2", "page", "It is given twice. Give it once."),
        ("groupId=web", "groupId", "Use a UUID."),
        ("groupId=", "groupId", "Use a UUID."),
        ("isActive=yes", "isActive", "Use true or false."),
        ("isActive=True", "isActive", "Use true or false."),
        ("isActive=", "isActive", "Use true or false."),
        ("environment=staging", "environment", "Use some of: STAGING, DEMO."),
        ("environment=", "environment", "Use some of: STAGING, DEMO."),
        ("environment=STAGING,,DEMO", "environment", "Use some of: STAGING, DEMO."),
        ("runbookId=", "runbookId", "This field may not be blank."),
        ("search=" + "x" * 201, "search", "Ensure this field has no more than 200 characters."),
        ("after=-1", "after", "Use a whole number between 0 and 99."),
        ("after=100", "after", "Use a whole number between 0 and 99."),
        ("limit=0", "limit", "Use a whole number between 1 and 100."),
        ("limit=101", "limit", "Use a whole number between 1 and 100."),
        ("limit=ten", "limit", "Use a whole number between 1 and 100."),
        ("limit=%C2%B2", "limit", "Use a whole number between 1 and 100."),
        ("limit=", "limit", "Use a whole number between 1 and 100."),
        ("page=0", "page", "Use a whole number between 1 and 1000000."),
        ("page=1.5", "page", "Use a whole number between 1 and 1000000."),
        ("page=1000001", "page", "Use a whole number between 1 and 1000000."),
        ("page=1" + "0" * 5000, "page", "Use a whole number between 1 and 1000000."),
        (
            "ordering=created_at",
            "ordering",
            "Use one of: name, -name, createdAt, -createdAt.",
        ),
        ("ordering=--name", "ordering", "Use one of: name, -name, createdAt, -createdAt."),
        ("ordering=", "ordering", "Use one of: name, -name, createdAt, -createdAt."),
    ],
)
def test_what_can_not_be_read_is_refused_by_name(query: str, name: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(query)
    assert refusal.value.details == {name: [sentence]}
    assert refusal.value.message == f"{name}: {sentence}"


def test_all_mistakes_are_said_at_once() -> None:
    assert set(refused("page=0&serverID=x&limit=1&limit=2")) == {"page", "serverID", "limit"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-1", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T03:00:00Z", datetime(2026, 11, 1, 3, tzinfo=UTC)),
        ("2026-11-01T03:00:00", datetime(2026, 11, 1, 3, tzinfo=UTC)),
        ("2026-11-01%2003:00:00", datetime(2026, 11, 1, 3, tzinfo=UTC)),
        (
            "2026-11-01T03:00:00%2B02:00",
            datetime(2026, 11, 1, 3, tzinfo=timezone(timedelta(hours=2))),
        ),
        # As it arrives from a client that did not encode the plus.
        (
            "2026-11-01T03:00:00+02:00",
            datetime(2026, 11, 1, 3, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_times_are_read_in_iso_8601_and_are_utc_unless_they_say(
    text: str, expected: datetime
) -> None:
    assert read(f"startDate={text}")["start_date"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "25:00",
        "1.5",
        "",
        # There is no such time in UTC.
        "0001-01-01T00:00:00%2B05:00",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_a_time_that_can_not_be_read_is_refused_with_an_example(text: str) -> None:
    (sentence,) = refused(f"startDate={text}")["startDate"]
    assert "such as 2026-11-01 or 2026-11-01T03:00:00Z" in sentence


@pytest.mark.django_db
def test_rows_are_narrowed_by_what_is_asked_for() -> None:
    servers.server("web1", environment="STAGING")
    servers.server("web2", environment="DEMO")
    servers.server("web3", environment="DEMO", is_active=False)

    def names(query: str) -> list[str]:
        return [row.name for row in Sample.narrow(Server.objects.all(), read(query))]

    assert names("") == ["web1", "web2", "web3"]
    assert names("environment=DEMO") == ["web2", "web3"]
    assert names("environment=DEMO&isActive=true") == ["web2"]


def test_a_pages_form_may_leave_fields_empty_and_have_others() -> None:
    class Filters(Query):
        search = Text()
        is_active = Flag()

    assert Filters.of_form(QueryDict("search=&isActive=&before=7")) == {}
    assert Filters.of_form(QueryDict("search=x&isActive=true")) == {
        "search": "x",
        "is_active": True,
    }
