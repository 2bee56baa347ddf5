from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from opsmanager.audit import trail
from opsmanager.audit.middleware import AuditSourceMiddleware
from opsmanager.audit.models import AuditEvent
from opsmanager.audit.source import current_address
from servers.models import Server
from tests.support import servers
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


def test_an_event_says_who_what_on_what_and_with_what_result() -> None:
    user, web1 = user_with("ADMIN", name="ann"), servers.server("web1")
    trail.record(
        "SERVER_TESTED", actor=user, target=web1, outcome="FAILED", message="Why.", tries=[1, 2]
    )
    event = AuditEvent.objects.get()
    assert str(event) == "SERVER_TESTED web1"
    assert (event.actor_type, event.actor_id, event.actor_name) == ("USER", str(user.pk), "ann")
    assert (event.target_type, event.target_id, event.target_name) == (
        "Server",
        str(web1.pk),
        "web1",
    )
    assert (event.outcome, event.message, event.details) == ("FAILED", "Why.", {"tries": [1, 2]})
    assert event.address is None
    assert datetime.now(UTC) - event.at < timedelta(minutes=1)


def test_an_event_needs_only_a_verb_and_an_actor() -> None:
    event = trail.record("SOMETHING", actor=None)
    event.refresh_from_db()
    assert (event.outcome, event.message, event.details) == ("OK", "", {})
    assert (event.target_type, event.target_id, event.target_name) == ("", "", "")


@pytest.mark.parametrize(
    ("actor", "kind", "name"),
    [
        (None, "ANONYMOUS", ""),
        (AnonymousUser(), "ANONYMOUS", ""),
        ("worker:host-1", "WORKER", "host-1"),
        ("schedule:nightly: cleanup", "SCHEDULE", "nightly: cleanup"),
        ("beat", "BEAT", ""),
    ],
)
def test_what_acts_by_itself_is_named_by_its_kind(actor, kind: str, name: str) -> None:
    event = trail.record("SOMETHING", actor=actor)
    assert (event.actor_type, event.actor_id, event.actor_name) == (kind, "", name)


def test_events_are_numbered_in_the_order_in_which_they_were_written() -> None:
    written = [trail.record(f"EVENT_{number}", actor=None) for number in range(5)]
    for event in written:
        event.refresh_from_db()
    assert [event.seq for event in written] == sorted({event.seq for event in written})


def test_an_event_outlives_what_it_tells_of() -> None:
    user, web1 = user_with("ADMIN", name="ann"), servers.server("web1")
    trail.record("SERVER_DELETED", actor=user, target=web1)
    web1.delete()
    user.delete()
    event = AuditEvent.objects.get(verb="SERVER_DELETED")
    assert (event.actor_name, event.target_name) == ("ann", "web1")


def test_a_long_name_is_cut_rather_than_refused() -> None:
    event = trail.record("SOMETHING", actor=None, target=Server(name="x" * 400))
    assert event.target_name == "x" * 300


def test_an_event_knows_the_address_of_its_request_and_only_of_its_own() -> None:
    def answer(_: HttpRequest) -> HttpResponse:
        trail.record("SOMETHING", actor=None)
        with ThreadPoolExecutor(1) as elsewhere:
            assert elsewhere.submit(current_address).result() is None
        return HttpResponse()

    middleware = AuditSourceMiddleware(answer)
    for address in ("192.0.2.7", "2001:db8::7", ""):
        middleware(RequestFactory().get("/", REMOTE_ADDR=address))
    assert list(AuditEvent.objects.order_by("seq").values_list("address", flat=True)) == [
        "192.0.2.7",
        "2001:db8::7",
        None,
    ]
    assert current_address() is None


def test_the_address_is_forgotten_also_after_a_failure() -> None:
    def fail(_: HttpRequest) -> HttpResponse:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        AuditSourceMiddleware(fail)(RequestFactory().get("/", REMOTE_ADDR="192.0.2.7"))
    assert current_address() is None


def test_what_a_client_claims_to_be_is_not_believed() -> None:
    seen: list[str | None] = []

    def answer(_: HttpRequest) -> HttpResponse:
        seen.append(current_address())
        return HttpResponse()

    request = RequestFactory().get("/", headers={"x-forwarded-for": "192.0.2.99"})
    AuditSourceMiddleware(answer)(request)
    assert seen == ["127.0.0.1"]
