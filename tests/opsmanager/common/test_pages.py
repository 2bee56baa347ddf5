"""Pages of long lists hold what a slice of the list holds, in its order."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opsmanager.common.pages import LongPaginator, by_key
from servers.models import Server
from tests.support import servers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seven")]


@pytest.fixture
def seven(db: None) -> None:
    group, credential = servers.group(), servers.password_credential()
    for number in range(7):
        servers.server(
            f"web-{number}",
            groups=(group,),
            credential=credential,
            description=f"Rack {number % 3}",
        )


@pytest.mark.parametrize(
    "ordering", [("-name",), ("description", "-name"), ("-description", "pk"), ("name",)]
)
def test_it_holds_the_rows_of_the_slice_in_their_order(ordering: tuple[str, ...]) -> None:
    listed = Server.objects.order_by(*ordering)
    everything = list(listed.all())
    assert list(by_key(listed[2:5])) == everything[2:5]
    assert list(by_key(listed[6:9])) == everything[6:]
    assert list(by_key(listed[9:12])) == []


def test_what_belongs_to_the_rows_comes_along() -> None:
    listed = Server.objects.select_related("credential").prefetch_related("groups")
    with CaptureQueriesContext(connection) as captured:
        seen = [
            (row.credential.name, [group.name for group in row.groups.all()])
            for row in by_key(listed[:3])
        ]
    assert seen == [("root@web", ["web servers"])] * 3
    assert len(captured) == 2


def test_a_paginator_counts_and_shows_them() -> None:
    listed = Server.objects.order_by("-name")
    page = LongPaginator(listed, 3).get_page(3)
    assert (page.paginator.count, list(page)) == (7, list(listed.all())[6:])
