"""What can't be a server is never connected to, however its address is spelt."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pytest

from servers.ssh import sockets
from servers.ssh.addresses import Reach
from servers.ssh.errors import AddressRefused, Unreachable

CLOSED = Reach(networks=())

LITERALS = [
    ("127.0.0.1", "a loopback address"),
    ("127.8.9.10", "a loopback address"),
    ("0.0.0.0", "an address of the worker itself"),
    ("0.1.2.3", "an address of the worker itself"),
    ("169.254.169.254", "where clouds keep their metadata"),
    ("169.254.0.1", "a link-local address"),
    ("100.100.100.200", "where clouds keep their metadata"),
    ("168.63.129.16", "where clouds keep their metadata"),
    ("224.0.0.1", "a multicast address"),
    ("239.255.255.250", "a multicast address"),
    ("255.255.255.255", "a reserved address"),
    ("240.0.0.1", "a reserved address"),
    ("::", "an address of the worker itself"),
    ("::1", "a loopback address"),
    ("0:0:0:0:0:0:0:1", "a loopback address"),
    ("::ffff:127.0.0.1", "a loopback address"),
    ("::FFFF:7f00:1", "a loopback address"),
    ("::ffff:169.254.169.254", "where clouds keep their metadata"),
    ("::127.0.0.1", "a loopback address"),
    ("64:ff9b::7f00:1", "a loopback address"),
    ("64:ff9b::169.254.169.254", "where clouds keep their metadata"),
    ("64:ff9b:1::a9fe:a9fe", "where clouds keep their metadata"),
    ("2002:7f00:1::", "a loopback address"),
    ("2002:a9fe:a9fe::1", "where clouds keep their metadata"),
    ("fe80::1", "a link-local address"),
    ("fe80::1%eth0", "a link-local address"),
    ("fd00:ec2::254", "where clouds keep their metadata"),
    ("ff02::1", "a multicast address"),
]
SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "2852039166",
    "0xa9fea9fe",
    "0",
    "server.0x7f",
    "0x",
]
NAMES = ["localhost", "LOCALHOST", "localhost.", "web.localhost"]


@pytest.mark.parametrize(("text", "kind"), LITERALS)
def test_an_address_that_no_server_has_is_refused_with_its_kind(text: str, kind: str) -> None:
    assert kind in CLOSED.refusal_of_name(text)
    assert kind in CLOSED.refusal(text)


@pytest.mark.parametrize("text", SPELLINGS)
def test_an_unusual_spelling_of_an_address_is_refused(text: str) -> None:
    assert "is not an address as it is usually spelt" in CLOSED.refusal_of_name(text)


@pytest.mark.parametrize("text", NAMES)
def test_names_of_the_machine_itself_are_refused(text: str) -> None:
    assert "a loopback address" in CLOSED.refusal_of_name(text)


@pytest.mark.parametrize(
    "text",
    ["192.0.2.10", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "2001:db8::1", "fd12::5"],
)
def test_addresses_of_fleets_are_allowed(text: str) -> None:
    assert CLOSED.refusal_of_name(text) == CLOSED.refusal(text) == ""


@pytest.mark.parametrize("text", ["web1", "web1.example.org", "db-1.internal.", "10.example"])
def test_names_are_not_resolved_when_they_are_entered(text: str) -> None:
    assert CLOSED.refusal_of_name(text) == ""


def test_what_was_opened_is_allowed_in_each_spelling_and_nothing_beside_it() -> None:
    reach = Reach(networks=(ip_network("127.0.0.2/32"),), hosts=frozenset({"metadata.internal"}))
    assert reach.refusal_of_name("127.0.0.2") == reach.refusal("::ffff:127.0.0.2") == ""
    assert reach.refusal_of_name("127.0.0.3")
    assert reach.refusal_of_name("Metadata.Internal.") == ""
    assert reach.refusal("169.254.169.254", hostname="metadata.internal") == ""
    assert reach.refusal("169.254.169.254", hostname="other.internal")


def test_by_itself_the_rule_opens_loopback_alone() -> None:
    assert Reach().refusal_of_name("127.0.0.1") == Reach().refusal_of_name("localhost") == ""
    assert Reach().refusal_of_name("169.254.169.254")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Everything on this machine that a connection could reach, at one port."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as door:
        door.settimeout(0.2)
        yield door


def assert_nobody_came(listener: socket.socket) -> None:
    with pytest.raises(TimeoutError):
        listener.accept()


SPELT = (
    [text for text, _ in LITERALS]
    + SPELLINGS
    + NAMES
    + ["127.0.0.1.", "user@127.0.0.1", "①②⑦.⓪.⓪.①"]
)


def test_none_of_these_spellings_is_connected_to(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    for text in SPELT:
        with pytest.raises(Unreachable):
            sockets.open_socket(text, port, label=text, timeout=5, reach=CLOSED)
    assert_nobody_came(listener)


def test_a_name_that_leads_to_such_an_address_is_refused_when_connecting(
    listener: socket.socket,
) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(AddressRefused) as refusal:
        sockets.open_socket("localhost", port, label="web1", timeout=5, reach=CLOSED)
    assert "web1 is not connected to:" in str(refusal.value)
    assert "OPSMANAGER_SERVER_ALLOWED_NETWORKS" in str(refusal.value)
    assert not refusal.value.transient
    assert_nobody_came(listener)
    sockets.open_socket("localhost", port, label="web1", timeout=5).close()


def test_a_name_with_one_such_address_among_others_is_refused_and_asked_for_once(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A resolver that answers differently each time is none that a test can have on its machine.
    port = listener.getsockname()[1]
    answers = [["192.0.2.1", "127.0.0.1"], ["127.0.0.1"]]

    def resolve(_host: str, number: int, **_: object) -> list[object]:
        found = answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, number)) for text in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(AddressRefused):
        sockets.open_socket("flips.example", port, label="web1", timeout=1, reach=CLOSED)
    assert answers == [["127.0.0.1"]], "it was asked for again"
    assert_nobody_came(listener)


def test_a_name_without_any_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    with pytest.raises(Unreachable, match=r"no\.example has no address"):
        sockets.open_socket("no.example", 22, label="web1", timeout=1)


def test_the_next_address_is_tried_when_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, *words: object, **options: object) -> list[object]:
        both = ("::1", "127.0.0.1") if host == "both.example" else (host,)
        return [entry for one in both for entry in real(one, *words, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        with sockets.open_socket("both.example", port, label="web1", timeout=5) as connection:
            assert ip_address(connection.getpeername()[0]) == ip_address("127.0.0.1")
