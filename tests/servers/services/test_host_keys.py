import pytest

from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Conflict
from servers.models import HostKeyState, Server
from servers.selectors import host_keys as selectors
from servers.services import host_keys
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return user_with("ADMIN", name="ann")


def offer(server: Server) -> str:
    server.host_keys.filter(state=HostKeyState.OFFERED).delete()
    return servers.host_key(server, generate_key(), HostKeyState.OFFERED).fingerprint


def test_a_key_is_unknown_then_accepted_then_changed_then_accepted_again(admin) -> None:
    server = servers.server("web1")
    assert selectors.of(server).status == "UNKNOWN"
    first = offer(server)
    assert selectors.of(server).status == "UNKNOWN"

    accepted = host_keys.accept(actor=admin, server=server, fingerprint=f" {first}\n")
    assert (accepted.fingerprint, accepted.accepted_by) == (first, admin)
    assert accepted.accepted_at is not None
    known = selectors.of(server)
    assert (known.status, known.accepted, known.offered) == ("ACCEPTED", accepted, None)

    second = offer(server)
    known = selectors.of(server)
    assert known.status == "CHANGED"
    assert (known.accepted.fingerprint, known.offered.fingerprint) == (first, second)

    host_keys.accept(actor=admin, server=server, fingerprint=second)
    assert selectors.of(server).status == "ACCEPTED"
    assert server.host_keys.get(state=HostKeyState.RETIRED).fingerprint == first


def test_each_acceptance_is_told_with_the_key_before(admin) -> None:
    server = servers.server("web1")
    first = offer(server)
    host_keys.accept(actor=admin, server=server, fingerprint=first)
    second = offer(server)
    host_keys.accept(actor=admin, server=server, fingerprint=second)
    events = AuditEvent.objects.filter(verb="HOST_KEY_ACCEPTED").order_by("seq")
    assert [event.details for event in events] == [
        {"fingerprint": first, "former": None},
        {"fingerprint": second, "former": first},
    ]
    assert {event.actor_name for event in events} == {"ann"}


def test_a_key_that_nobody_looked_at_can_not_be_accepted(admin) -> None:
    with pytest.raises(Conflict, match=r"No key of web1 was looked at yet"):
        host_keys.accept(actor=admin, server=servers.server("web1"), fingerprint="SHA256:x")


@pytest.mark.parametrize("wrong", ["", "SHA256:other", "sha256"])
def test_another_fingerprint_than_the_offered_one_is_not_accepted(admin, wrong: str) -> None:
    server = servers.server("web1")
    offered = offer(server)
    with pytest.raises(Conflict, match="Look at its key again and compare") as refusal:
        host_keys.accept(actor=admin, server=server, fingerprint=wrong)
    assert offered in refusal.value.message
    assert selectors.of(server).status == "UNKNOWN"
    assert not AuditEvent.objects.exists()


def test_a_key_that_changed_meanwhile_is_not_accepted_under_its_old_name(admin) -> None:
    server = servers.server()
    seen = offer(server)
    offer(server)
    with pytest.raises(Conflict, match="now offers"):
        host_keys.accept(actor=admin, server=server, fingerprint=seen)


def test_the_accepted_key_offered_again_is_still_accepted_once(admin) -> None:
    server, pair = servers.server(), generate_key()
    accepted = servers.host_key(server, pair, HostKeyState.ACCEPTED)
    servers.host_key(server, pair, HostKeyState.OFFERED)
    assert selectors.of(server).status == "ACCEPTED"
    again = host_keys.accept(actor=admin, server=server, fingerprint=accepted.fingerprint)
    assert again == accepted
    assert not AuditEvent.objects.exists()


def test_a_demo_servers_key_comes_with_it_and_replaces_the_one_before() -> None:
    server = servers.server()
    for number in (1, 2):
        pair = generate_key()
        key = host_keys.pin(
            server=server,
            type=pair.type,
            public_key=pair.public_key,
            fingerprint=f"SHA256:{number}",
        )
        assert (key.state, key.accepted_by) == (HostKeyState.ACCEPTED, None)
    assert selectors.of(server).accepted.fingerprint == "SHA256:2"
    event = AuditEvent.objects.order_by("-seq")[0]
    assert (event.actor_type, event.actor_name) == ("WORKER", "setup")
    assert event.details == {"fingerprint": "SHA256:2", "former": "SHA256:1"}
