import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from uuid import uuid4

import pytest
from django.db import connection
from structlog.testing import capture_logs

from opsmanager.common import secrets_in_use
from servers import probing, tasks
from servers.models import HostKeyState, Probe, ProbeKind, Server
from servers.ssh import errors
from servers.ssh.host_keys import HostKey
from servers.ssh.testing import KeyPair, SshServer, generate_key
from tests.support import servers

pytestmark = pytest.mark.django_db

PASSWORD = "s3cret"


@pytest.fixture(autouse=True)
def _one_connection(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing the connection, as a worker does, would end the transaction that a test lives in."""
    if not request.node.get_closest_marker("django_db").kwargs:
        monkeypatch.setattr(connection, "close", lambda: None)


@pytest.fixture
def host() -> KeyPair:
    return generate_key()


@pytest.fixture
def answering(host: KeyPair):
    """A real SSH server that knows one user by password and by key."""
    login = generate_key()
    with ExitStack() as running:
        sshd = running.enter_context(
            SshServer(
                host_key=host.private_key,
                passwords={"noc": PASSWORD},
                authorized_keys={"ops": [login.public_key]},
            )
        )
        sshd.login = login
        yield sshd


@pytest.fixture
def server(answering: SshServer) -> Server:
    return servers.server(
        "web1",
        hostname="127.0.0.1",
        port=answering.port,
        credential=servers.password_credential(username="noc", password=PASSWORD),
    )


def look(server: Server, kind: ProbeKind = ProbeKind.CHECK) -> Probe:
    probe = Probe.objects.create(server=server, kind=kind)
    tasks.take_probe(str(probe.pk))
    probe.refresh_from_db()
    server.refresh_from_db()
    assert probe.is_finished
    assert probe.taken_at is not None
    return probe


def accept(server: Server, pair: KeyPair) -> None:
    servers.host_key(server, pair, HostKeyState.ACCEPTED)


def test_a_good_login_is_said_with_how_long_it_took(server: Server, host: KeyPair) -> None:
    accept(server, host)
    probe = look(server)
    assert (probe.reachable, probe.error_code) == (True, "")
    assert probe.message == "web1 answered and let noc log in."
    assert probe.latency_ms > 0
    assert (server.reachable, server.latency_ms) == (True, probe.latency_ms)
    assert server.checked_at is not None


def test_a_private_key_logs_in_too(server: Server, host: KeyPair, answering: SshServer) -> None:
    accept(server, host)
    server.credential = servers.key_credential(answering.login.private_key)
    server.save()
    assert look(server).message == "web1 answered and let ops log in."


def test_a_refused_login_says_who_was_refused_and_not_with_what(
    server: Server, host: KeyPair
) -> None:
    accept(server, host)
    server.credential = servers.password_credential(
        "wrong", username="noc", password="wr0ng-and-secret"
    )
    server.save()
    probe = look(server)
    assert (probe.reachable, probe.error_code) == (False, "AUTHENTICATION")
    assert "noc" in probe.message
    assert "wr0ng-and-secret" not in probe.message
    assert (server.reachable, server.error_code) == (False, "AUTHENTICATION")
    assert (server.error_message, server.latency_ms) == (probe.message, None)


def test_a_later_good_check_clears_what_was_wrong(server: Server, host: KeyPair) -> None:
    good = server.credential
    server.credential = None
    server.save()
    accept(server, host)
    look(server)
    assert server.error_code == "AUTHENTICATION"
    server.credential = good
    server.save()
    look(server)
    assert (server.reachable, server.error_code, server.error_message) == (True, "", "")


def test_an_unknown_key_stops_before_the_login_and_is_kept_for_a_person(
    server: Server, host: KeyPair, answering: SshServer
) -> None:
    probe = look(server)
    assert (probe.reachable, probe.error_code) == (False, "HOST_KEY")
    offered = server.host_keys.get()
    assert (offered.state, offered.public_key) == (HostKeyState.OFFERED, host.public_key)
    assert offered.fingerprint in probe.message


def test_a_changed_key_stops_before_the_login_and_is_kept_beside_the_accepted_one(
    server: Server, host: KeyPair
) -> None:
    accept(server, generate_key())
    probe = look(server)
    assert (probe.reachable, probe.error_code) == (False, "HOST_KEY")
    assert server.host_keys.get(state=HostKeyState.OFFERED).public_key == host.public_key
    assert server.host_keys.get(state=HostKeyState.ACCEPTED).public_key != host.public_key


def test_nobody_answering_says_so(server: Server, host: KeyPair, answering: SshServer) -> None:
    accept(server, host)
    answering.close()
    probe = look(server)
    assert (probe.reachable, probe.error_code) == (False, "CONNECTION")
    assert "127.0.0.1" in probe.message
    assert server.reachable is False


def test_a_look_at_the_key_needs_no_credential_and_logs_nobody_in(
    server: Server, host: KeyPair, answering: SshServer
) -> None:
    server.credential = None
    server.save()
    answering.passwords.clear()
    probe = look(server, ProbeKind.HOST_KEY)
    fingerprint = HostKey(type=host.type, blob_base64=host.public_key).fingerprint
    assert (probe.reachable, probe.message) == (True, f"web1 offers {fingerprint}.")
    assert server.host_keys.get().fingerprint == fingerprint


def test_a_look_at_the_key_says_nothing_of_whether_the_server_can_be_used(
    server: Server,
) -> None:
    look(server, ProbeKind.HOST_KEY)
    assert (server.reachable, server.checked_at) == (None, None)


def test_a_key_that_can_not_be_seen_is_said(server: Server, answering: SshServer) -> None:
    answering.close()
    probe = look(server, ProbeKind.HOST_KEY)
    assert (probe.reachable, probe.error_code) == (False, "CONNECTION")
    assert not server.host_keys.exists()


def test_a_server_without_a_credential_is_said(server: Server, host: KeyPair) -> None:
    accept(server, host)
    server.credential = None
    server.save()
    probe = look(server)
    assert (probe.error_code, probe.reachable) == ("AUTHENTICATION", False)
    assert "has no credential" in probe.message


def test_a_secret_that_can_not_be_opened_is_said(server: Server, host: KeyPair, settings) -> None:
    accept(server, host)
    settings.CREDENTIAL_PRIVATE_KEYS = []
    probe = look(server)
    assert probe.error_code == "AUTHENTICATION"
    assert "Only workers can open secrets" in probe.message


def test_a_message_that_comes_twice_is_looked_at_once(server: Server, host: KeyPair) -> None:
    accept(server, host)
    probe = look(server)
    finished = probe.finished_at
    Probe.objects.filter(pk=probe.pk).update(message="untouched")
    probing.take(str(probe.pk))
    probe.refresh_from_db()
    assert (probe.message, probe.finished_at) == ("untouched", finished)


def test_a_look_at_a_server_of_a_zone_is_taken_from_there_alone(
    server: Server, host: KeyPair, settings
) -> None:
    accept(server, host)
    Server.objects.update(zone="dmz")
    probe = Probe.objects.create(server=server, kind=ProbeKind.CHECK)
    for zones in ([], ["plant"]):
        settings.AUTOMATION_ZONES = zones
        tasks.take_probe(str(probe.pk))
        probe.refresh_from_db()
        assert probe.taken_at is None
    settings.AUTOMATION_ZONES = ["plant", "dmz"]
    tasks.take_probe(str(probe.pk))
    probe.refresh_from_db()
    assert probe.reachable


def test_a_look_that_is_gone_is_no_error() -> None:
    probing.take(str(uuid4()))


def test_a_fault_of_our_own_ends_the_look_and_goes_to_the_log(server: Server) -> None:
    # No base64: nothing that a person could have entered or a server offered.
    server.host_keys.create(
        state=HostKeyState.ACCEPTED, type="ssh-ed25519", public_key="A", fingerprint="x"
    )
    with capture_logs() as logs:
        probe = look(server)
    assert (probe.reachable, probe.error_code) == (False, "INTERNAL")
    assert probe.message == "OpsManager itself failed to look at the server. Its log says why."
    assert [line["event"] for line in logs] == ["probe failed"]


def test_a_key_of_another_type_than_the_accepted_one_stops_before_the_login(
    server: Server, host: KeyPair
) -> None:
    server.host_keys.create(
        state=HostKeyState.ACCEPTED, type="ecdsa-sha2-nistp256", public_key="AAAA", fingerprint="x"
    )
    assert look(server).error_code == "HOST_KEY"
    look(server, ProbeKind.HOST_KEY)
    assert server.host_keys.get(state=HostKeyState.OFFERED).public_key == host.public_key


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (errors.Unreachable("x"), "CONNECTION"),
        (errors.BannerFailed("x"), "CONNECTION"),
        (errors.LoginRefused("x"), "AUTHENTICATION"),
        (errors.CredentialInvalid("x"), "AUTHENTICATION"),
        (errors.HostKeyTypeGone("x", accepted=(), offered=None), "HOST_KEY"),
        (errors.ChannelLost("x"), "CONNECTION_LOST"),
        (errors.ShellUnavailable("x"), "CONNECTION"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_each_ssh_error_has_its_code(problem: errors.SshError, code: str) -> None:
    assert probing.code_of(problem) == code


def backends() -> int:
    """How many others are connected to the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ProbeKind)
def test_no_database_connection_is_held_while_a_server_is_waited_for(kind: ProbeKind) -> None:
    def count_and_hang_up() -> int:
        client, _address = listener.accept()
        with client, closing(connection):
            return backends()

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(60)
        held = pool.submit(count_and_hang_up)
        server = servers.server(
            hostname="127.0.0.1",
            port=listener.getsockname()[1],
            credential=servers.password_credential(),
        )
        assert look(server, kind).error_code == "CONNECTION"
        assert held.result() == 0


def test_what_a_server_has_is_kept_with_the_look_and_the_one_before_is_forgotten(
    server: Server, host: KeyPair
) -> None:
    accept(server, host)
    look(server, ProbeKind.CONTENTS)
    probe = look(server, ProbeKind.CONTENTS)
    assert (probe.reachable, probe.message) == (True, "")
    assert [name for name, _ in probe.found["processes"] if name.startswith("python")]
    assert list(server.probes.all()) == [probe]
    assert server.checked_at is None, "only a check says how the server is"


def test_a_secret_by_whose_name_a_program_runs_is_not_kept(
    server: Server, host: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(server, host)
    secrets_in_use.remember(["tr0ub4dor&3"])
    monkeypatch.setattr(
        probing.contents, "read_contents", lambda _: {"processes": [("tr0ub4dor&3", "1 running")]}
    )
    assert "tr0ub4dor" not in str(look(server, ProbeKind.CONTENTS).found)
