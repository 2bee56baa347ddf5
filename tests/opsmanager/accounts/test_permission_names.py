"""Permissions are called by their names in full, also those that a process did not know yet."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opsmanager.accounts.permission_names import names

pytestmark = pytest.mark.django_db


def test_each_is_called_as_django_calls_it() -> None:
    rows = Permission.objects.select_related("content_type")
    expected = {row.pk: f"{row.content_type.app_label}.{row.codename}" for row in rows}
    assert names(expected) == set(expected.values())
    assert "servers.view_server" in names(expected)
    some = list(expected)[:2]
    assert names([*some, *some]) == {expected[pk] for pk in some}


def test_nothing_is_asked_for_what_is_known() -> None:
    known = list(Permission.objects.values_list("pk", flat=True))
    names(known)
    with CaptureQueriesContext(connection) as captured:
        assert len(names(known)) == len(known)
        assert names([]) == set()
    assert len(captured) == 0


def test_a_new_one_is_looked_up() -> None:
    names(Permission.objects.values_list("pk", flat=True))
    kind = ContentType.objects.get(app_label="servers", model="server")
    new = Permission.objects.create(content_type=kind, codename="paint_server", name="Can paint")
    assert names([new.pk]) == {"servers.paint_server"}


def test_one_that_is_gone_is_no_permission() -> None:
    assert names([-1]) == set()
