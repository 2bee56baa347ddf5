import pytest
from django.test import Client

from opsmanager.notifications.models import Channel, Delivery
from tests.opsmanager.notifications import makers
from tests.support.pages import HTMX, text
from tests.support.users import signed_in, user_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("woken")]

FORM = {"name": "noc", "url": "json://me:pass-word@127.0.0.1:9/hook", "quiet_minutes": "5"}


@pytest.fixture
def ann() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


@pytest.mark.parametrize(("role", "is_led"), [("ADMIN", True), ("NOC", False), ("MANAGER", False)])
def test_only_who_may_see_channels_is_led_there(role: str, is_led: bool) -> None:
    page = text(signed_in(user_with(role)).get("/"))
    assert ('href="/notifications/"' in page) is is_led


def test_a_channel_is_added_and_its_address_is_not_shown(ann: Client) -> None:
    assert "pagerduty://" in text(ann.get("/notifications/add/"))
    chosen = {"is_active": "on", "events": ["EXECUTION_FAILED"], "severities": ["HIGH"]}

    answer = ann.post("/notifications/add/", FORM | chosen)

    row = Channel.objects.get()
    assert answer.headers["Location"] == f"/notifications/{row.pk}/"
    assert (row.events, row.severities, row.runbook_ids) == (["EXECUTION_FAILED"], ["HIGH"], [])
    for path in ("/notifications/", f"/notifications/{row.pk}/"):
        page = text(ann.get(path))
        assert "json://127.0.0.1" in page
        assert "pass-word" not in page


def test_a_refused_form_says_why_and_forgets_the_address(ann: Client) -> None:
    answer = ann.post(
        "/notifications/add/", FORM | {"url": "json://me:pass-word@10.0.0.1/"}, headers=HTMX
    )

    assert answer.status_code == 422
    page = text(answer)
    assert "is a private address" in page
    assert "pass-word" not in page
    assert not Channel.objects.exists()


def test_a_channel_is_changed_without_its_address(ann: Client) -> None:
    row = makers.channel(events=["INCIDENT_OPENED"])

    ann.post(f"/notifications/{row.pk}/", FORM | {"name": "other", "url": ""})

    before = row.sealed_url
    row.refresh_from_db()
    assert (row.name, row.events, row.is_active, row.sealed_url) == ("other", [], False, before)


def test_a_test_shows_what_came_of_it(ann: Client) -> None:
    row = makers.channel()
    where = f"/notifications/{row.pk}/test/"

    page = text(ann.post(where, headers=HTMX))
    assert "Sending a test to noc" in page
    assert f'hx-get="{where}"' in page
    assert ann.get(where, headers=HTMX).status_code == 204

    Delivery.objects.update(state="FAILED", error="The connection was refused.")
    page = text(ann.get(where, headers=HTMX))
    assert "The connection was refused." in page
    assert "hx-trigger" not in page.partition("<header")[0]


def test_the_log_shows_the_reason_and_sends_again(ann: Client) -> None:
    row = makers.delivery(makers.channel(), state="FAILED", error="It said no.", repeats=3)

    page = text(ann.get("/notifications/deliveries/"))
    assert "It said no." in page
    assert "3 repeats kept quiet" in page
    assert "No message fits" in text(ann.get("/notifications/deliveries/?state=SENT", headers=HTMX))
    assert "can't be looked for" in text(ann.get("/notifications/deliveries/?state=ODD"))

    answer = ann.post(f"/notifications/deliveries/{row.pk}/resend/")
    again = Delivery.objects.get(resend_of=row)
    assert answer.headers["Location"] == f"/notifications/deliveries/{again.pk}/"
    assert f"/notifications/deliveries/{row.pk}/" in text(ann.get(answer.headers["Location"]))


def test_what_a_message_holds_is_text_and_no_markup(ann: Client) -> None:
    row = makers.delivery(makers.channel(), title="<script>x</script>", body="<b>y</b>")

    page = text(ann.get(f"/notifications/deliveries/{row.pk}/"))

    assert "<script>x" not in page
    assert "<b>y" not in page


def test_home_says_which_channels_take_nothing(ann: Client) -> None:
    assert "Not taken by" not in text(ann.get("/"))
    makers.channel("pager", failures=2)

    assert "Not taken by pager." in text(ann.get("/"))
    page = text(signed_in(user_with("NOC")).get("/"))
    assert "pager" not in page
    assert "An administrator sees which." in page


def test_a_channel_is_deleted(ann: Client) -> None:
    row = makers.channel()

    ann.post(f"/notifications/{row.pk}/delete/")

    assert not Channel.objects.exists()
