import pytest
from django.test import Client

from opsmanager.audit.models import AuditEvent
from opsmanager.notifications.models import Channel
from tests.opsmanager.notifications import makers
from tests.support.pages import text
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

ADD = "/admin/notifications/channel/add/"
FORM = {"name": "noc", "url": "json://me:pass-word@127.0.0.1:9/hook", "quiet_minutes": "5"}


@pytest.fixture
def ann() -> Client:
    return signed_in(user_with("ADMIN", name="ann", is_staff=True))


def test_a_channel_is_made_through_the_service(ann: Client) -> None:
    answer = ann.post(ADD, FORM | {"events": ["INCIDENT_OPENED"], "runbook_ids": ["DISK_CLEANUP"]})

    assert answer.status_code == 302
    row = Channel.objects.get()
    assert (row.shown_url, row.events, row.runbook_ids) == (
        "json://127.0.0.1",
        ["INCIDENT_OPENED"],
        ["DISK_CLEANUP"],
    )
    assert AuditEvent.objects.filter(verb="NOTIFICATION_CHANNEL_CREATED").exists()
    page = text(ann.get(f"/admin/notifications/channel/{row.pk}/change/"))
    assert "pass-word" not in page


def test_an_address_that_leads_inside_is_refused(ann: Client) -> None:
    answer = ann.post(ADD, FORM | {"url": "json://10.0.0.1/"})

    assert "is a private address" in text(answer)
    assert not Channel.objects.exists()


def test_a_change_keeps_the_address(ann: Client) -> None:
    row = makers.channel()

    ann.post(f"/admin/notifications/channel/{row.pk}/change/", FORM | {"name": "other", "url": ""})

    before = row.sealed_url
    row.refresh_from_db()
    assert (row.name, row.sealed_url) == ("other", before)
