import pytest

from servers import known_keys
from servers.models import HostKeyState
from servers.ssh.host_keys import HostKey
from servers.ssh.testing import generate_key
from tests.support import servers

pytestmark = pytest.mark.django_db


def a_key() -> HostKey:
    pair = generate_key()
    return HostKey(type=pair.type, blob_base64=pair.public_key)


def test_an_offered_key_is_kept_for_a_person_to_judge() -> None:
    server, key = servers.server(), a_key()
    row = known_keys.note_offered(server, key)
    assert str(row) == f"ssh-ed25519 {key.fingerprint}"
    assert (row.state, row.public_key) == (HostKeyState.OFFERED, key.blob_base64)
    assert row.accepted_at is None


def test_only_the_last_offered_key_is_kept() -> None:
    server, first, second = servers.server(), a_key(), a_key()
    known_keys.note_offered(server, first)
    known_keys.note_offered(server, second)
    assert server.host_keys.get().fingerprint == second.fingerprint


def test_what_is_offered_leaves_the_accepted_key_as_it_is() -> None:
    server = servers.server()
    accepted = servers.host_key(server, generate_key(), HostKeyState.ACCEPTED)
    known_keys.note_offered(server, a_key())
    assert server.host_keys.get(state=HostKeyState.ACCEPTED) == accepted
    assert server.host_keys.count() == 2
