from typing import Any

import pytest
from django.http import QueryDict
from rest_framework import serializers

from opsmanager.common.api.case import Serializer
from opsmanager.common.api.paging import listed
from opsmanager.common.api.query import PagedQuery
from opsmanager.common.api.query_fields import Ordering
from servers.models import Server
from tests.support import servers

pytestmark = pytest.mark.django_db


class Row(Serializer):
    name = serializers.CharField()


class Asked(PagedQuery):
    ordering = Ordering("name", "hostname")


def page(query: str = "", **options: Any) -> dict[str, Any]:
    asked = Asked.read(QueryDict(query))
    return listed(asked, Server.objects.all(), name="servers", serializer=Row, **options).data


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


def test_a_list_is_ordered_both_ways() -> None:
    servers.server("web1", hostname="b.example")
    servers.server("web2", hostname="a.example")
    assert names("ordering=hostname") == ["web2", "web1"]
    assert names("ordering=-hostname") == ["web1", "web2"]
    assert names("ordering=-name") == ["web2", "web1"]


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
