from types import SimpleNamespace

import pytest
from django.db.models.functions import Now
from structlog.testing import capture_logs

from opsmanager.audit.models import AuditEvent
from opsmanager.celery import app
from opsmanager.common.problems import NotPermitted, Unavailable
from servers.models import Probe, ProbeKind
from servers.services import probes
from tests.support import servers
from tests.support.broker import queued
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return user_with("ADMIN", name="ann")


def test_who_may_run_runbooks_there_may_have_it_looked_at() -> None:
    web1, web2 = servers.server("web1"), servers.server("web2")
    noc = servers.grant(user_with("NOC"), web1)
    assert probes.request(actor=noc, server=web1, kind=ProbeKind.CHECK).pk
    for user in (noc, user_with("HELPDESK")):
        with pytest.raises(NotPermitted, match="You may not have web2 looked at"):
            probes.request(actor=user, server=web2, kind=ProbeKind.CHECK)
    assert Probe.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "verb"),
    [
        (ProbeKind.CHECK, "SERVER_CHECKED"),
        (ProbeKind.HOST_KEY, "HOST_KEY_LOOKED_AT"),
        (ProbeKind.CONTENTS, "SERVER_CONTENTS_READ"),
    ],
)
def test_asking_for_a_look_is_told(admin, kind: ProbeKind, verb: str) -> None:
    probe = probes.request(actor=admin, server=servers.server("web1"), kind=kind)
    assert (probe.kind, probe.requested_by, probe.is_finished) == (kind, admin, False)
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor_name, event.target_name) == (verb, "ann", "web1")


def test_a_worker_is_woken_with_the_id_once_it_is_committed(
    admin, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        probe = probes.request(actor=admin, server=servers.server(), kind=ProbeKind.CHECK)
        assert str(probe.pk) not in queued("servers")
    assert str(probe.pk) in queued("servers")


def test_in_a_zone_a_worker_of_the_zone_is_woken(admin, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = servers.server(zone="dmz")
        probe = probes.request(actor=admin, server=row, kind=ProbeKind.HOST_KEY)
    assert str(probe.pk) in queued("zone.dmz.servers")
    assert str(probe.pk) not in queued("servers")


def test_without_a_broker_the_question_is_kept_and_the_failure_logged(
    admin, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:9/0")
    monkeypatch.setattr(app, "_pool", None)
    app.amqp.__dict__.pop("_producer_pool", None)
    app.amqp._producer_pool = None
    try:
        with capture_logs() as logs, django_capture_on_commit_callbacks(execute=True):
            probe = probes.request(actor=admin, server=servers.server(), kind=ProbeKind.CHECK)
    finally:
        app.amqp._producer_pool = None
    assert Probe.objects.filter(pk=probe.pk).exists()
    (line,) = logs
    assert (line["event"], line["probe"]) == ("probe could not be queued", str(probe.pk))


def test_waiting_ends_with_the_answer() -> None:
    probe = Probe.objects.create(server=servers.server(), kind=ProbeKind.CHECK)
    Probe.objects.update(finished_at=Now(), reachable=True)
    assert probes.wait(probe).reachable


def test_waiting_goes_on_until_the_answer_is_there(monkeypatch) -> None:
    probe = Probe.objects.create(server=servers.server(), kind=ProbeKind.CHECK)
    ticks = iter(range(100))

    def answer_in_the_meantime(_: float) -> None:
        Probe.objects.update(finished_at=Now(), reachable=True)

    clock = SimpleNamespace(monotonic=lambda: next(ticks), sleep=answer_in_the_meantime)
    monkeypatch.setattr(probes, "time", clock)
    assert probes.wait(probe).reachable
    assert next(ticks) > 2


def test_waiting_in_vain_says_where_to_look() -> None:
    probe = Probe.objects.create(server=servers.server(), kind=ProbeKind.CHECK)
    with pytest.raises(Unavailable, match="See on the home page whether workers run"):
        probes.wait(probe, seconds=0.1)


def test_waiting_in_vain_in_a_zone_says_that_nobody_serves_it() -> None:
    probe = Probe.objects.create(server=servers.server(zone="dmz"), kind=ProbeKind.CHECK)
    with pytest.raises(Unavailable, match="No worker of zone dmz is running"):
        probes.wait(probe, seconds=0.1)


def test_contents_are_read_once_and_used_for_some_minutes(admin) -> None:
    web1 = servers.server("web1")
    for _ in range(2):
        probes.request_contents(actor=admin, server=web1)
    assert web1.probes.count() == 1, "asked twice while it was under way"

    web1.probes.update(finished_at=Now(), reachable=True, found={"units": [["a.service", "up"]]})
    probes.request_contents(actor=admin, server=web1)
    assert web1.probes.count() == 1
    probes.request_contents(actor=admin, server=web1, again=True)
    assert web1.probes.count() == 2


def test_contents_that_are_old_or_could_not_be_read_are_read_again(admin) -> None:
    web1 = servers.server("web1")
    for number, changed in enumerate(
        [{"reachable": False}, {"reachable": True, "finished_at": "2026-01-01T00:00Z"}], start=1
    ):
        probes.request_contents(actor=admin, server=web1)
        assert web1.probes.count() == number
        web1.probes.update(**{"finished_at": Now(), **changed})
    probes.request_contents(actor=admin, server=web1)
    assert web1.probes.count() == 3


def test_who_may_not_run_runbooks_there_may_not_read_what_it_has() -> None:
    web1 = servers.server("web1")
    with pytest.raises(NotPermitted, match="You may not have web1 looked at"):
        probes.request_contents(actor=user_with("HELPDESK"), server=web1)
