from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from opsmanager.audit.models import AuditEvent
from servers import probing
from servers.models import HostKeyState, Probe, Server
from servers.services import probes
from servers.ssh.host_keys import HostKey
from servers.ssh.testing import KeyPair, SshServer, generate_key
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

JSON = "application/json"
SEEN = {"errorCode": "", "message": ""}


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


@pytest.fixture
def hosts() -> list[KeyPair]:
    """The key of the server, and the one that it has after it was installed anew."""
    return [generate_key(), generate_key()]


@pytest.fixture
def server() -> Server:
    return servers.server(
        "web1",
        hostname="127.0.0.1",
        credential=servers.password_credential(username="noc", password="s3cret"),
    )


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the looks while the call waits for them, in the same process and transaction."""

    def take(_: float) -> None:
        for probe in Probe.objects.filter(finished_at=None):
            probing.take(str(probe.pk))

    clock = SimpleNamespace(monotonic=probes.time.monotonic, sleep=take)
    monkeypatch.setattr(probes, "time", clock)
    monkeypatch.setattr(connection, "close", lambda: None)


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(probes.wait.__kwdefaults__, "seconds", 0.1)


def running(server: Server, host: KeyPair) -> SshServer:
    """Start a real SSH server where the row says one is."""
    return SshServer(
        host_key=host.private_key,
        host=server.hostname,
        port=server.port if server.port != 22 else 0,
        passwords={"noc": "s3cret"},
    )


def fingerprint(pair: KeyPair) -> str:
    return HostKey(type=pair.type, blob_base64=pair.public_key).fingerprint


def shown(pair: KeyPair) -> dict[str, str]:
    return {"type": "ssh-ed25519", "fingerprint": fingerprint(pair)}


def call(server: Server, name: str) -> str:
    return f"/api/v1/servers/{server.pk}/{name}"


def accept(client: Client, server: Server, fingerprint: str) -> Any:
    return client.post(call(server, "host-key"), {"fingerprint": fingerprint}, JSON)


def refusal(answer: Any) -> tuple[int, str]:
    assert set(answer.json()) == {"error", "message", "code", "details"}
    return answer.status_code, answer.json()["code"]


@pytest.mark.usefixtures("worker")
def test_a_key_is_looked_at_compared_accepted_and_asked_for_again_when_it_changes(
    admin: Client, server: Server, hosts: list[KeyPair]
) -> None:
    first, second = hosts
    with running(server, first) as sshd:
        Server.objects.update(port=sshd.port)
        server.refresh_from_db()
        answer = admin.get(call(server, "host-key"))
        assert answer.status_code == 200
        unknown = {"status": "UNKNOWN", "accepted": None, "offered": shown(first)}
        assert answer.json() == {"hostKey": unknown | SEEN}

        check = admin.post(call(server, "check")).json()["check"]
        assert (check["reachable"], check["errorCode"]) == (False, "HOST_KEY")

        assert refusal(accept(admin, server, fingerprint(second))) == (409, "CONFLICT")
        answer = accept(admin, server, fingerprint(first))
        assert answer.status_code == 200
        accepted = {"status": "ACCEPTED", "accepted": shown(first), "offered": None}
        assert answer.json() == {"hostKey": accepted | SEEN}

        check = admin.post(call(server, "check")).json()["check"]
        assert (check["reachable"], check["errorCode"]) == (True, "")
        assert check["latencyMs"] > 0
        assert check["message"] == "web1 answered and let noc log in."

    with running(server, second):
        check = admin.post(call(server, "check")).json()["check"]
        assert (check["reachable"], check["errorCode"]) == (False, "HOST_KEY")
        changed = {"status": "CHANGED", "accepted": shown(first), "offered": shown(second)}
        assert admin.get(call(server, "host-key")).json() == {"hostKey": changed | SEEN}

        assert refusal(accept(admin, server, fingerprint(first))) == (409, "CONFLICT")
        assert accept(admin, server, fingerprint(second)).status_code == 200
        assert admin.post(call(server, "check")).json()["check"]["reachable"]

    states = server.host_keys.order_by("state").values_list("state", "fingerprint")
    assert list(states) == [
        (HostKeyState.ACCEPTED, fingerprint(second)),
        (HostKeyState.RETIRED, fingerprint(first)),
    ]
    verbs = (
        AuditEvent.objects.filter(verb="HOST_KEY_ACCEPTED")
        .order_by("seq")
        .values_list("actor_name", flat=True)
    )
    assert list(verbs) == ["ann", "ann"]


@pytest.mark.usefixtures("worker")
def test_a_server_that_does_not_answer_is_a_finding_of_the_check(
    admin: Client, server: Server
) -> None:
    servers.host_key(server, generate_key(), HostKeyState.ACCEPTED)
    Server.objects.update(port=1)
    answer = admin.post(call(server, "check"))
    assert answer.status_code == 200
    check = answer.json()["check"]
    assert (check["reachable"], check["errorCode"], check["latencyMs"]) == (
        False,
        "CONNECTION",
        None,
    )
    assert check["message"]
    found = admin.get(f"/api/v1/servers/{server.pk}").json()["server"]
    assert (found["reachable"], found["errorCode"]) == (False, "CONNECTION")
    assert found["errorMessage"] == check["message"]


@pytest.mark.usefixtures("worker")
def test_of_a_server_that_can_not_be_reached_no_key_is_offered_and_it_says_why(
    admin: Client, server: Server
) -> None:
    Server.objects.update(port=1)
    answer = admin.get(call(server, "host-key"))
    assert answer.status_code == 200
    found = answer.json()["hostKey"]
    assert (found["status"], found["accepted"], found["offered"]) == ("UNKNOWN", None, None)
    assert found["errorCode"] == "CONNECTION"
    assert "nothing listens on port 1" in found["message"]


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize(("method", "name"), [("post", "check"), ("get", "host-key")])
def test_without_a_worker_it_says_so_instead_of_hanging(
    admin: Client, server: Server, method: str, name: str
) -> None:
    answer = getattr(admin, method)(call(server, name))
    assert refusal(answer) == (503, "UNAVAILABLE")
    assert answer.json()["message"] == (
        "No worker took a look at the server in time. See on the home page whether workers run, "
        "then try again."
    )


@pytest.mark.parametrize("body", [{}, {"fingerprint": ""}, {"fingerprint": "x" * 101}])
def test_an_acceptance_names_the_key(admin: Client, server: Server, body: dict[str, str]) -> None:
    answer = admin.post(call(server, "host-key"), body, JSON)
    assert refusal(answer) == (400, "VALIDATION")
    assert list(answer.json()["details"]) == ["fingerprint"]


def test_a_key_that_nobody_looked_at_is_not_accepted(admin: Client, server: Server) -> None:
    answer = accept(admin, server, "SHA256:x")
    assert refusal(answer) == (409, "CONFLICT")
    assert "Look at its key first" in answer.json()["message"]


def test_a_server_that_moved_must_prove_itself_anew(admin: Client, server: Server) -> None:
    servers.host_key(server, generate_key(), HostKeyState.ACCEPTED)
    admin.patch(f"/api/v1/servers/{server.pk}", {"hostname": "elsewhere.example"}, JSON)
    assert server.host_keys.get().state == HostKeyState.RETIRED


@pytest.mark.usefixtures("no_worker")
def test_a_colleague_may_check_and_not_accept(server: Server) -> None:
    key = servers.host_key(server, generate_key(), HostKeyState.OFFERED)
    colleague = signed_in(servers.grant(user_with("NOC", name="carl"), server))
    assert refusal(colleague.post(call(server, "check"))) == (503, "UNAVAILABLE")
    assert refusal(accept(colleague, server, key.fingerprint)) == (403, "NOT_PERMITTED")
    key.refresh_from_db()
    assert key.state == HostKeyState.OFFERED


def test_for_a_stranger_there_is_nothing_to_look_at(server: Server) -> None:
    stranger = signed_in(user_with("HR"))
    assert refusal(stranger.post(call(server, "check"))) == (404, "NOT_FOUND")
    assert refusal(stranger.get(call(server, "host-key"))) == (404, "NOT_FOUND")
    assert refusal(accept(stranger, server, "SHA256:x")) == (404, "NOT_FOUND")
    assert not server.probes.exists()


def test_a_server_that_is_not_there_is_404(admin: Client) -> None:
    assert refusal(admin.post(f"/api/v1/servers/{uuid4()}/check")) == (404, "NOT_FOUND")
