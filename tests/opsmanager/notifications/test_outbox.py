from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from opsmanager.common import secrets_in_use
from opsmanager.notifications import outbox
from opsmanager.notifications.message import Event
from opsmanager.notifications.models import Delivery
from tests.opsmanager.notifications import makers
from tests.opsmanager.notifications.conftest import message

pytestmark = pytest.mark.django_db

GROUP = uuid4()


def test_a_message_says_what_and_where_to_look(settings: Any) -> None:
    settings.PUBLIC_URL = "https://ops.example"
    makers.channel()

    (row,) = outbox.tell(message())

    assert row.title == "Restart a service failed on web1"
    assert row.body == "It said no.\n\nhttps://ops.example/executions/1/"
    assert row.url == "https://ops.example/executions/1/"
    assert (row.state, row.severity) == ("PENDING", "HIGH")


@pytest.mark.parametrize(
    ("wanted", "is_sent"),
    [
        ({}, True),
        ({"events": ["EXECUTION_FAILED"]}, True),
        ({"events": ["INCIDENT_OPENED"]}, False),
        ({"severities": ["CRITICAL", "HIGH"]}, True),
        ({"severities": ["LOW"]}, False),
        ({"runbook_ids": ["SERVICE_RESTART"]}, True),
        ({"runbook_ids": ["DISK_CLEANUP"]}, False),
        ({"group_ids": [GROUP]}, True),
        ({"group_ids": [uuid4()]}, False),
        ({"events": ["EXECUTION_FAILED"], "severities": ["LOW"]}, False),
        ({"is_active": False}, False),
    ],
)
def test_a_channel_gets_what_passes_each_of_its_lists(
    wanted: dict[str, Any], is_sent: bool
) -> None:
    makers.channel(**wanted)

    assert bool(outbox.tell(message(group_ids=(GROUP, uuid4())))) is is_sent


def test_the_same_is_told_once_and_its_repeats_are_counted() -> None:
    makers.channel(quiet_minutes=5)
    (first,) = outbox.tell(message())

    assert outbox.tell(message()) == []
    assert outbox.tell(message()) == []
    assert len(outbox.tell(message(key="another"))) == 1
    assert len(outbox.tell(message(event=Event.EXECUTION_UNKNOWN))) == 1

    first.refresh_from_db()
    assert first.repeats == 2
    assert first.last_repeat_at is not None


def test_after_the_quiet_minutes_it_is_told_again() -> None:
    makers.channel(quiet_minutes=5)
    (first,) = outbox.tell(message())
    before = timezone.now() - timedelta(minutes=6)
    Delivery.objects.filter(pk=first.pk).update(created_at=before)

    assert len(outbox.tell(message())) == 1


def test_a_channel_without_quiet_minutes_is_told_each_time() -> None:
    makers.channel(quiet_minutes=0)

    assert [len(outbox.tell(message())) for _ in range(2)] == [1, 1]


def test_secrets_are_masked_and_long_texts_are_cut() -> None:
    makers.channel()
    secrets_in_use.remember(["canary-of-a-notification"])

    (row,) = outbox.tell(
        message(
            title=f"canary-of-a-notification\n{'x' * 500}", body="canary-of-a-notification" * 999
        )
    )

    assert "canary-of-a-notification" not in row.title + row.body
    assert len(row.title) <= 200
    assert "\n" not in row.title
    assert len(row.body) < 4200
    assert row.body.endswith("/executions/1/")


def test_workers_are_woken_once_it_is_committed(
    woken: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    makers.channel()

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        (row,) = outbox.tell(message())
        assert woken == []

    assert woken == [row.pk]


def test_without_a_channel_nothing_is_heard() -> None:
    makers.channel(events=["INCIDENT_OPENED"])

    assert not outbox.is_heard(Event.EXECUTION_FAILED)
    assert outbox.is_heard(Event.INCIDENT_OPENED)
