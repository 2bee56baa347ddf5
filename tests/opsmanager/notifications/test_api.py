from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from opsmanager.audit.models import AuditEvent
from opsmanager.common import vault
from opsmanager.common.addresses import Allowed
from opsmanager.notifications.models import Channel, Delivery
from tests.opsmanager.notifications import makers
from tests.support.servers import group
from tests.support.users import signed_in, user_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("woken")]

CHANNELS = "/api/v1/notifications/channels"
DELIVERIES = "/api/v1/notifications/deliveries"
JSON = "application/json"
URL = "json://me:pass-word@127.0.0.1:9/a-secret-path?+X-Token=canary-token"


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


def verbs() -> list[str]:
    found = AuditEvent.objects.filter(verb__startswith="NOTIFICATION").order_by("seq")
    return list(found.values_list("verb", flat=True))


def test_an_address_goes_in_and_never_comes_out(admin: Client) -> None:
    answer = admin.post(CHANNELS, {"name": "noc", "url": URL}, JSON)

    assert answer.status_code == 201
    channel = answer.json()["channel"]
    assert channel["shownUrl"] == "json://127.0.0.1"
    assert (channel["events"], channel["quietMinutes"], channel["isActive"]) == ([], 15, True)
    row = Channel.objects.get()
    assert vault.open_sealed(row.sealed_url, row=str(row.pk), field="url") == URL
    for shown in (answer, admin.get(CHANNELS), admin.get(f"{CHANNELS}/{row.pk}")):
        text = shown.content.decode()
        assert not [part for part in ("pass-word", "a-secret", "canary", "v1:") if part in text]
    event = AuditEvent.objects.get(verb="NOTIFICATION_CHANNEL_CREATED")
    assert "pass-word" not in str(event.details)


def test_a_change_without_an_address_keeps_the_sealed_one(admin: Client) -> None:
    row = makers.channel(events=["INCIDENT_OPENED"])
    before = row.sealed_url

    answer = admin.patch(f"{CHANNELS}/{row.pk}", {"quietMinutes": 5}, JSON)

    assert answer.status_code == 200
    assert answer.json()["channel"]["events"] == ["INCIDENT_OPENED"]
    row.refresh_from_db()
    assert (row.sealed_url, row.quiet_minutes) == (before, 5)
    assert verbs() == ["NOTIFICATION_CHANNEL_UPDATED"]


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({}, "url", "Enter the address"),
        ({"url": "nonsense"}, "url", "names no service"),
        ({"url": "syslog://"}, "url", "none of the services"),
        ({"url": "exec:///bin/sh"}, "url", "none of the services"),
        ({"url": "file:///etc/passwd"}, "url", "none of the services"),
        ({"url": "dbus://"}, "url", "none of the services"),
        ({"url": "slack://x"}, "url", "can't be read as an address of Slack"),
        ({"url": "jsons://192.0.2.1/?template=/etc/passwd"}, "url", "Leave out template="),
        ({"url": "json://192.168.1.7/hook"}, "url", "is a private address"),
        ({"url": "json://[::1]/hook"}, "url", "is a loopback address"),
        ({"url": "json://169.254.169.254/"}, "url", "link-local"),
        ({"url": "mailto://a:b@example.org?smtp=10.0.0.1"}, "url", "is a private address"),
        ({"url": URL, "events": ["NO_SUCH"]}, "events", "not a valid choice"),
        ({"url": URL, "severities": ["BAD"]}, "severities", "not a valid choice"),
        ({"url": URL, "runbookIds": ["NO_SUCH"]}, "runbookIds", "There is no NO_SUCH"),
        ({"url": URL, "groupIds": [str(uuid4())]}, "groupIds", "There is no"),
        ({"url": URL, "quietMinutes": -1}, "quietMinutes", "greater than or equal to 0"),
    ],
)
def test_what_can_lead_nowhere_is_refused(
    admin: Client, given: dict[str, Any], field: str, said: str
) -> None:
    answer = admin.post(CHANNELS, {"name": "noc", **given}, JSON)

    assert answer.status_code == 400
    assert said in str(answer.json()["details"][field])
    assert not Channel.objects.exists()


def test_it_can_be_limited_to_runbooks_and_groups(admin: Client) -> None:
    shop = group("shop")
    lists = {"runbookIds": ["SERVICE_RESTART"], "groupIds": [str(shop.pk)]}

    answer = admin.post(CHANNELS, {"name": "noc", "url": URL, **lists}, JSON)

    assert {name: answer.json()["channel"][name] for name in lists} == lists
    # What was chosen stays when it goes away.
    shop.delete()
    where = f"{CHANNELS}/{answer.json()['channel']['id']}"
    assert admin.patch(where, {"name": "other"}, JSON).status_code == 200


def test_a_name_is_taken_once(admin: Client) -> None:
    makers.channel("noc")
    assert admin.post(CHANNELS, {"name": "noc", "url": URL}, JSON).status_code in (400, 409)


def test_a_test_is_a_delivery_that_waits_for_a_worker(admin: Client, woken: list[UUID]) -> None:
    row = makers.channel(is_active=False, events=["INCIDENT_OPENED"])

    answer = admin.post(f"{CHANNELS}/{row.pk}/test")

    assert answer.status_code == 202
    delivery = answer.json()["delivery"]
    assert (delivery["event"], delivery["state"]) == ("CHANNEL_TEST", "PENDING")
    assert delivery["channelName"] == "noc"
    assert verbs() == ["NOTIFICATION_CHANNEL_TESTED"]


def test_the_log_is_filtered(admin: Client) -> None:
    one, two = makers.channel("one"), makers.channel("two")
    makers.delivery(one, state="SENT")
    failed = makers.delivery(two, state="FAILED", event="INCIDENT_OPENED", error="It said no.")

    def listed(query: str) -> list[str]:
        found = admin.get(f"{DELIVERIES}?{query}").json()
        assert found["total"] == len(found["deliveries"])
        return [row["id"] for row in found["deliveries"]]

    assert len(listed("")) == 2
    for query in (
        f"channelId={two.pk}",
        "state=FAILED",
        "event=INCIDENT_OPENED",
        "search=two",
        "state=FAILED&search=failed",
    ):
        assert listed(query) == [str(failed.pk)]
    assert admin.get(f"{DELIVERIES}/{failed.pk}").json()["delivery"]["error"] == "It said no."


def test_what_failed_is_sent_again_as_it_was(admin: Client) -> None:
    row = makers.delivery(makers.channel(), state="FAILED", attempts=5)

    answer = admin.post(f"{DELIVERIES}/{row.pk}/resend")

    assert answer.status_code == 202
    again = Delivery.objects.get(resend_of=row)
    assert (again.title, again.body, again.state) == (row.title, row.body, "PENDING")
    assert answer.json()["delivery"]["resendOfId"] == str(row.pk)
    assert verbs() == ["NOTIFICATION_RESENT"]


def test_what_waits_is_not_sent_twice(admin: Client) -> None:
    channel = makers.channel()
    fresh, tried = makers.delivery(channel), makers.delivery(channel, attempts=1)

    assert admin.post(f"{DELIVERIES}/{fresh.pk}/resend").status_code == 409
    assert admin.post(f"{DELIVERIES}/{tried.pk}/resend").status_code == 202
    tried.refresh_from_db()
    assert (tried.state, tried.next_attempt_at) == ("FAILED", None)


def test_a_channel_leaves_with_its_log(admin: Client) -> None:
    row = makers.channel()
    makers.delivery(row)

    assert admin.delete(f"{CHANNELS}/{row.pk}").status_code == 204
    assert not Delivery.objects.exists()
    assert verbs() == ["NOTIFICATION_CHANNEL_DELETED"]


def test_each_event_has_its_sentence(admin: Client) -> None:
    found = admin.get("/api/v1/notifications/events").json()

    sentences = {row["event"]: row["sentence"] for row in found["notificationEvents"]}
    assert sentences["INCIDENT_OPENED"] == "An incident was opened."
    assert "CHANNEL_TEST" not in sentences
    assert found["total"] == len(sentences)


def test_without_an_open_network_nothing_inside_is_reached(admin: Client, settings: Any) -> None:
    settings.NOTIFY_ALLOWED_NETWORKS = Allowed()

    answer = admin.post(CHANNELS, {"name": "noc", "url": URL}, JSON)

    assert "OPSMANAGER_NOTIFY_ALLOWED_NETWORKS" in answer.json()["message"]
    assert "pass-word" not in answer.content.decode()
