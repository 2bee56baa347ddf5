"""Each list of the Django admin takes as many queries with many rows as with few."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.budgets import world
from tests.support.users import signed_in, user_with

FEW, MANY = 2, 6
MOST = 16
"""Queries that a list may take, with its filters and what is known of the reader."""


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
def test_each_list_takes_its_queries_however_many_rows_there_are() -> None:
    made = world.make()
    reader = signed_in(user_with("SUPER_ADMIN", name="root", is_staff=True))
    pages = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]
    made.add(FEW)
    few = {page: _queries(reader, page) for page in pages}
    made.add(MANY - FEW)
    assert {page: _queries(reader, page) for page in pages} == few
    assert {page: count for page, count in few.items() if count > MOST} == {}


def _queries(reader: Client, page: str) -> int:
    reader.get(page)
    with CaptureQueriesContext(connection) as captured:
        assert reader.get(page).status_code == 200
    return len(captured)
