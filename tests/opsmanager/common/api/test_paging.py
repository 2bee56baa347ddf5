from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from opsmanager.common.api.case import Serializer
from opsmanager.common.api.paging import listed, snake
from opsmanager.common.problems import Invalid
from servers.models import Server
from tests.support import servers

pytestmark = pytest.mark.django_db


class Row(Serializer):
    name = serializers.CharField()


def page(query: str = "", **options: Any) -> dict[str, Any]:
    request = Request(APIRequestFactory().get(f"/servers?{query}"))
    answer = listed(
        request,
        Server.objects.all(),
        name="servers",
        serializer=Row,
        ordering=("name", "hostname", "createdAt"),
        **options,
    )
    return answer.data


def names(query: str) -> list[str]:
    return [row["name"] for row in page(query)["servers"]]


def test_a_list_has_its_name_total_page_and_limit() -> None:
    servers.server("web1")
    assert page() == {"servers": [{"name": "web1"}], "total": 1, "page": 1, "limit": 20}


def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    for number in range(5):
        servers.server(f"web{number}")
    assert names("limit=2") == ["web0", "web1"]
    assert names("limit=2&page=2") == ["web2", "web3"]
    assert names("limit=2&page=3") == ["web4"]
    assert page("limit=2&page=4") == {"servers": [], "total": 5, "page": 4, "limit": 2}


def test_twenty_rows_a_page_unless_asked_and_never_more_than_a_hundred() -> None:
    for number in range(21):
        servers.server(f"web{number:02}")
    assert len(page()["servers"]) == 20
    assert len(page("limit=100")["servers"]) == 21


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=0", "limit must be a whole number between 1 and 100."),
        ("limit=101", "limit must be a whole number between 1 and 100."),
        ("limit=-1", "limit must be a whole number between 1 and 100."),
        ("limit=ten", "limit must be a whole number between 1 and 100."),
        ("limit=%C2%B2", "limit must be a whole number between 1 and 100."),
        ("page=0", "page must be a whole number between 1 and 1000000."),
        ("page=1.5", "page must be a whole number between 1 and 1000000."),
        ("page=1000001", "page must be a whole number between 1 and 1000000."),
        ("page=1" + "0" * 5000, "page must be a whole number between 1 and 1000000."),
    ],
)
def test_a_page_that_can_not_be_is_refused(query: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        page(query)
    assert refusal.value.message == sentence
    assert list(refusal.value.details) == [query.partition("=")[0]]


def test_a_list_is_ordered_by_the_names_on_the_wire_both_ways() -> None:
    servers.server("web1", hostname="b.example")
    servers.server("web2", hostname="a.example")
    assert names("ordering=hostname") == ["web2", "web1"]
    assert names("ordering=-hostname") == ["web1", "web2"]
    assert names("ordering=-name") == ["web2", "web1"]


@pytest.mark.parametrize("wanted", ["credential", "created_at", "--name", "name,hostname", "-"])
def test_an_ordering_that_is_not_offered_is_refused_with_those_that_are(wanted: str) -> None:
    with pytest.raises(Invalid, match=f"Lists can't be ordered by {wanted}") as refusal:
        page(f"ordering={wanted}")
    assert refusal.value.details == {"ordering": ["Use one of: name, hostname, createdAt."]}


def test_rows_of_the_page_can_be_prepared() -> None:
    servers.server("web1")
    servers.server("web2")
    seen = []

    def note(rows: Any) -> Any:
        for row in rows:
            seen.append(row.name)
            yield row

    page("limit=1", prepare=note)
    assert seen == ["web1"]


@pytest.mark.parametrize(
    ("wire", "name"), [("createdAt", "created_at"), ("-startedAt", "-started_at"), ("name", "name")]
)
def test_a_wire_name_turns_into_a_column(wire: str, name: str) -> None:
    assert snake(wire) == name
