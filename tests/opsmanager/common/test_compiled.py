"""A compiled query answers as Django's own does, and is put together once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import NotSupportedError, connection, transaction
from django.db.models import (
    CharField,
    DateTimeField,
    F,
    IntegerField,
    JSONField,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.functions import JSONObject, Now
from django.test.utils import CaptureQueriesContext

from opsmanager.accounts.models import ApiToken, User
from opsmanager.common.compiled import Compiled
from opsmanager.common.models import Pulse
from tests.support.api_tokens import token
from tests.support.users import user_with

pytestmark = pytest.mark.django_db

SUMMER = timezone(timedelta(hours=2))


def tokens_of(name: Any, since: Any) -> QuerySet[ApiToken]:
    """Arrays of UUIDs and texts, times, a user beside it, and something counted along."""
    last = ApiToken.objects.filter(user=OuterRef("user_id")).order_by("-created_at")
    return (
        ApiToken.objects.select_related("user", "revoked_by")
        .annotate(
            **User.rights_of("user_id"),
            last=Subquery(last.values("pk")[:1]),
            said=JSONObject(name=F("name"), until=F("expires_at"), asked_by=name),
        )
        .filter(user__username=name, expires_at__gt=since)
        .order_by("name")
    )


def shown(row: Model) -> dict[str, Any]:
    """Return all that is known of a row and of those beside it."""
    known = {name: value for name, value in vars(row).items() if name != "_state"}
    beside = {name: shown(each) for name, each in row._state.fields_cache.items() if each}
    return {**known, **beside, "from": (row._state.db, row._state.adding)}


def test_rows_are_those_of_django_with_all_that_is_known_of_them() -> None:
    ann, ben = user_with("ADMIN", name="ann"), user_with("NOC", name="ben")
    token(ann, name="a", server_ids=[uuid4(), uuid4()], group_ids=[], permissions=["x.y"])
    token(ann, name="b", revoked_at=datetime.now(UTC), revoked_by=ben, last_used_address="::1")
    token(ann, name="over", expires_at=datetime.now(UTC) - timedelta(days=1))
    token(ben, name="c", expires_at=datetime.now(SUMMER) + timedelta(days=2))
    compiled = Compiled(tokens_of, name=CharField(), since=DateTimeField())
    for name, count in (("ann", 2), ("ben", 1), ("nobody", 0)):
        values = {"name": name, "since": datetime.now(SUMMER)}
        said = {"since": values["since"], "name": Value(name)}
        expected = [shown(row) for row in tokens_of(**said)]
        assert len(expected) == count
        assert [shown(row) for row in compiled.all(**values)] == expected


def test_json_comes_back_as_it_went_in() -> None:
    details = {"queues": ["a", "b"], "free": 3, "is": None, "ü": {"x": 1.5}}
    Pulse.objects.create(kind="worker", name="one", seen_at=Now(), details=details)
    compiled = Compiled(
        lambda free, also: Pulse.objects.filter(details__free=free).annotate(also=also),
        free=JSONField(),
        also=JSONField(),
    )
    row = compiled.one(free=3, also=details)
    assert row is not None
    assert (row.details, row.also) == (details, details)  # type: ignore[attr-defined]
    assert compiled.one(free=4, also=None) is None


def test_it_is_put_together_once_and_each_time_is_one_query() -> None:
    asked = []

    def put_together(name: Any) -> QuerySet[User]:
        asked.append(name)
        return User.with_rights().filter(username=name)

    compiled = Compiled(put_together, name=CharField())
    for name in ("ann", "ben"):
        assert compiled.one(name=name) is None
        user_with("NOC", name=name)
        with CaptureQueriesContext(connection) as captured:
            found = compiled.one(name=name)
        assert found is not None
        assert (found.username, found.role.name, len(captured)) == (name, "NOC", 1)
    assert len(asked) == 1


def test_nothing_that_is_filled_in_becomes_part_of_the_sentence() -> None:
    odd = "a' OR '1'='1' -- %s %(name)s {} ü"
    user_with("NOC", name="ann")
    compiled = Compiled(lambda name: User.objects.filter(username=name), name=CharField())
    assert compiled.all(name=odd) == []
    made = User.objects.create(username=odd)
    assert compiled.all(name=odd) == [made]


def test_a_value_is_prepared_by_its_field() -> None:
    made = user_with("NOC")
    compiled = Compiled(lambda pk: User.objects.filter(pk=pk), pk=UUIDField())
    assert compiled.one(pk=made.pk) == compiled.one(pk=str(made.pk)) == made
    with pytest.raises(ValidationError):
        compiled.one(pk="no UUID")


def test_each_blank_is_filled_in_and_nothing_else() -> None:
    compiled = Compiled(lambda name: User.objects.filter(username=name), name=CharField())
    for values in ({}, {"nam": "ann"}, {"name": "ann", "more": 1}):
        with pytest.raises(TypeError, match=r"Fill in \['name'\]"):
            compiled.all(**values)


def test_a_blank_without_a_place_is_a_mistake() -> None:
    compiled = Compiled(lambda name: User.objects.all(), name=CharField())
    with pytest.raises(ValueError, match=r"no place for \['name'\]"):
        compiled.all(name="ann")


def test_a_time_that_would_be_kept_for_ever_is_a_mistake() -> None:
    compiled = Compiled(lambda: User.objects.filter(date_joined__lt=datetime.now(UTC)))
    with pytest.raises(ValueError, match="for ever"):
        compiled.all()
    assert Compiled(lambda: User.objects.filter(date_joined__lt=Now())).all() == []


def test_what_is_longer_than_a_column_is_not_cut() -> None:
    user_with("NOC", name="anna")
    compiled = Compiled(
        lambda name: User.objects.filter(username=name), name=CharField(max_length=4)
    )
    assert compiled.one(name="anna") is not None
    assert compiled.all(name="anna and more") == []


@pytest.mark.django_db(transaction=True)
def test_a_connection_plans_it_once() -> None:
    compiled = Compiled(lambda name: User.objects.filter(username=name), name=CharField())
    for name in ("ann", "ben", "cleo"):
        assert compiled.one(name=name) is None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements "
            "WHERE statement LIKE '%FROM \"accounts_user\" WHERE%'"
        )
        assert cursor.fetchall() == [(3,)]


@pytest.fixture
def wider() -> Iterator[Callable[[], None]]:
    """Return what changes the type of a column, as an upgrade might."""
    change = "ALTER TABLE accounts_user ALTER COLUMN first_name TYPE varchar({})"

    def to(length: int) -> None:
        # Over a connection of its own: this one would know of it.
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute(change.format(length))

    yield lambda: to(160)
    to(150)


@pytest.mark.django_db(transaction=True)
def test_a_column_of_another_type_fails_nobody(wider: Callable[[], None]) -> None:
    made = user_with("NOC", name="ann")
    compiled = Compiled(lambda name: User.objects.filter(username=name), name=CharField())
    assert compiled.one(name="ann") == made
    wider()
    assert compiled.one(name="ann") == made
    assert compiled.one(name="ann") == made


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_it_fails_once(wider: Callable[[], None]) -> None:
    made = user_with("NOC", name="ann")
    compiled = Compiled(lambda name: User.objects.filter(username=name), name=CharField())
    assert compiled.one(name="ann") == made
    wider()
    with pytest.raises(NotSupportedError, match="cached plan"), transaction.atomic():
        compiled.one(name="ann")
    with transaction.atomic():
        assert compiled.one(name="ann") == made


@pytest.mark.django_db(transaction=True)
def test_threads_that_ask_at_once_get_each_their_own() -> None:
    User.objects.bulk_create(User(username=f"user {number}") for number in range(40))
    compiled = Compiled(
        lambda name, least: User.with_rights().filter(username=name).annotate(least=least),
        name=CharField(),
        least=IntegerField(),
    )

    def ask(number: int) -> list[tuple[str, int]]:
        try:
            rows = compiled.all(name=f"user {number}", least=number)
            return [(row.username, row.least) for row in rows]  # type: ignore[attr-defined]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, [*range(40)] * 5))
    assert found == [[(f"user {number}", number)] for number in [*range(40)] * 5]
