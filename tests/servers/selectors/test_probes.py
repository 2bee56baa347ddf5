from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from opsmanager.common import pulse
from servers.models import Probe, ProbeKind, Server
from servers.selectors.probes import NOT_TAKEN, Look, last_look
from tests.support import servers

pytestmark = pytest.mark.django_db


def asked(server: Server, kind: ProbeKind = ProbeKind.CHECK, **fields: object) -> Probe:
    return Probe.objects.create(server=server, kind=kind, **fields)


def finished(server: Server, kind: ProbeKind = ProbeKind.CHECK, **fields: object) -> Probe:
    return asked(server, kind, taken_at=Now(), finished_at=Now(), **fields)


def test_a_server_that_nobody_looked_at_has_no_findings() -> None:
    server = servers.server()
    for kind in ProbeKind:
        look = last_look(server, kind)
        assert (look.pending, look.reachable, look.failed) == (False, None, False)


def test_a_look_just_asked_for_is_pending() -> None:
    probe = asked(servers.server())
    assert str(probe) == f"CHECK of {probe.server_id}"
    assert last_look(probe.server, ProbeKind.CHECK) == Look(pending=True)
    assert not last_look(probe.server, ProbeKind.HOST_KEY).pending


def test_a_look_that_no_worker_took_is_not_waited_for_for_ever() -> None:
    server = servers.server()
    asked(server, ProbeKind.HOST_KEY)
    Probe.objects.update(requested_at=F("requested_at") - timedelta(seconds=50))
    look = last_look(server, ProbeKind.HOST_KEY)
    assert (look.pending, look.failed, look.message) == (False, True, NOT_TAKEN)


def test_a_look_that_nobody_in_the_zone_took_says_so() -> None:
    server = servers.server(zone="dmz")
    asked(server)
    Probe.objects.update(requested_at=F("requested_at") - timedelta(seconds=50))
    assert last_look(server, ProbeKind.CHECK).message == (
        "No worker of zone dmz is running. Start one there, or look at its log."
    )
    pulse.note("worker", "inside", zones=["dmz"])
    assert last_look(server, ProbeKind.CHECK).message == NOT_TAKEN


def test_a_finished_look_says_what_it_found() -> None:
    server = servers.server()
    finished(server, reachable=True, latency_ms=7, message="web1 answered.")
    look = last_look(server, ProbeKind.CHECK)
    assert (look.reachable, look.latency_ms, look.message) == (True, 7, "web1 answered.")
    assert not look.failed
    assert look.at is not None


def test_the_last_look_counts() -> None:
    server = servers.server()
    finished(server, reachable=True, message="It answered.")
    Probe.objects.update(requested_at=F("requested_at") - timedelta(seconds=5))
    finished(server, reachable=False, error_code="CONNECTION", message="It did not answer.")
    look = last_look(server, ProbeKind.CHECK)
    assert (look.failed, look.error_code, look.message) == (
        True,
        "CONNECTION",
        "It did not answer.",
    )


def test_what_an_earlier_check_found_is_kept_with_the_server() -> None:
    server = servers.server(reachable=False, error_code="HOST_KEY", error_message="Another key.")
    look = last_look(server, ProbeKind.CHECK)
    assert (look.reachable, look.error_code, look.message) == (False, "HOST_KEY", "Another key.")
    assert last_look(server, ProbeKind.HOST_KEY) == Look()
