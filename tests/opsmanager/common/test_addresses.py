from ipaddress import ip_address, ip_network

import pytest

from opsmanager.common.addresses import (
    AddressRefused,
    Allowed,
    allowed_addresses,
    is_host_name,
    kind_of,
    resolve,
)

NOTHING = Allowed()

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2000::1",
    "2001:4860:4860::8888",
    "2606:4700::1111",
]

INTERNAL = {
    "0.0.0.0": "of the machine itself",
    "0.1.2.3": "of the machine itself",
    "10.0.0.0": "private",
    "10.255.255.255": "private",
    "100.64.0.0": "inside a provider's network",
    "100.100.100.200": "inside a provider's network",
    "100.127.255.255": "inside a provider's network",
    "127.0.0.1": "loopback",
    "127.255.255.255": "loopback",
    "168.63.129.16": "Azure",
    "169.254.169.254": "metadata",
    "169.254.170.2": "metadata",
    "172.16.0.0": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "reserved",
    "192.0.2.1": "not a public address",
    "192.88.99.1": "6to4",
    "192.168.0.1": "private",
    "198.18.0.1": "not a public address",
    "198.51.100.1": "not a public address",
    "203.0.113.1": "not a public address",
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "of the machine itself",
    "::1": "loopback",
    "::127.0.0.1": "not a public address",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:a9fe:a9fe": "metadata",
    "::ffff:0:127.0.0.1": "not a public address",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b::8.8.8.8": "NAT64",
    "64:ff9b:1::10.0.0.1": "NAT64",
    "100::1": "not a public address",
    "2001::1": "Teredo",
    "2001:0:7f00:1::": "Teredo",
    "2001:10::1": "reserved",
    "2001:db8::1": "not a public address",
    "2002:7f00:1::": "6to4",
    "2002:808:808::": "6to4",
    "4000::1": "not a public address",
    "5f00::1": "not a public address",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fe80::1%lo": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
}


def never(_host: str, _port: int) -> list[str]:
    raise AssertionError("An address is not resolved.")


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_called(text: str) -> None:
    assert kind_of(ip_address(text)) == ""
    (found,) = allowed_addresses(text, 443, allowed=NOTHING, resolve=never)
    assert str(found) == text.removeprefix("::ffff:")


@pytest.mark.parametrize("text", INTERNAL)
def test_any_other_address_is_refused_and_its_kind_is_named(text: str) -> None:
    assert INTERNAL[text] in kind_of(ip_address(text))
    with pytest.raises(AddressRefused, match=INTERNAL[text]):
        allowed_addresses(text, 443, allowed=NOTHING, resolve=never)
    with pytest.raises(AddressRefused) as refusal:
        allowed_addresses("a.example", 443, allowed=NOTHING, resolve=lambda *_: [text])
    assert str(refusal.value).startswith("a.example has the address ")


@pytest.mark.parametrize(
    "found",
    [
        ["93.184.215.14", "127.0.0.1"],
        ["127.0.0.1", "93.184.215.14"],
        ["2606:4700::1111", "::1"],
        ["93.184.215.14", "::ffff:10.0.0.1"],
    ],
)
def test_one_internal_address_among_several_refuses_the_host(found: list[str]) -> None:
    with pytest.raises(AddressRefused, match=r"which is a (loopback|private) address\.$"):
        allowed_addresses("mixed.example", 443, allowed=NOTHING, resolve=lambda *_: found)


def test_a_host_is_resolved_once_and_its_addresses_are_returned_in_order() -> None:
    asked = []

    def resolving(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["2606:4700::1111", "1.1.1.1", "::ffff:1.1.1.1", "1.1.1.1"]

    found = allowed_addresses("one.example", 8443, allowed=NOTHING, resolve=resolving)
    assert [str(address) for address in found] == ["2606:4700::1111", "1.1.1.1"]
    assert asked == [("one.example", 8443)]


@pytest.mark.parametrize("port", [80, 443, 1024, 8080, 65535])
def test_public_addresses_are_called_on_the_ports_of_the_web(port: int) -> None:
    assert allowed_addresses("1.1.1.1", port, allowed=NOTHING, resolve=never)


@pytest.mark.parametrize("port", [1, 22, 25, 53, 81, 1023])
def test_and_on_no_port_that_another_service_is_known_for(port: int) -> None:
    with pytest.raises(AddressRefused, match=rf"^Port {port} of 1\.1\.1\.1 is none for the web\.$"):
        allowed_addresses("1.1.1.1", port, allowed=NOTHING, resolve=never)


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "0x7f.1"),
        *("017700000001", "127.0.0.1.", "127.0.0.01", "1.2.3.4.5", "a.0x", "example.1"),
        *("", ".", "..", "a..b", "-a.example", "a b", "a/b", "a@b", "ex\u00e4mple", "A.example"),
        *("\u2460\u2461\u2466.0.0.1", "x" * 64, ".".join(["x" * 60] * 5), "[::1]", "1::2::3"),
    ],
)
def test_a_host_that_is_spelt_unusually_is_neither_resolved_nor_called(host: str) -> None:
    assert not is_host_name(host)
    with pytest.raises(AddressRefused, match="neither a host name nor an address"):
        allowed_addresses(host, 443, allowed=NOTHING, resolve=never)


@pytest.mark.parametrize(
    "host", ["localhost", "a", "a-b.example", "xn--bcher-kva.example", "_x.a1"]
)
def test_a_usual_host_name_is_one(host: str) -> None:
    assert is_host_name(host)


def test_a_name_without_addresses_is_an_error_of_the_resolver() -> None:
    def fails(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(OSError, match="not known"):
        allowed_addresses("gone.example", 443, allowed=NOTHING, resolve=fails)


def test_the_machine_s_own_resolver_knows_its_names() -> None:
    assert set(resolve("localhost", 80)) <= {"127.0.0.1", "::1"}


def test_what_an_administrator_opened_may_be_called_on_each_port() -> None:
    allowed = Allowed.parse(["10.1.0.0/16", "fd00::/8", "Status.Internal."])
    for host in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert allowed_addresses(host, 81, allowed=allowed, resolve=never)
    internal = ["192.168.1.1", "127.0.0.1"]
    found = allowed_addresses("status.internal", 22, allowed=allowed, resolve=lambda *_: internal)
    assert [str(address) for address in found] == internal
    for host in ("other.internal", "x.status.internal"):
        with pytest.raises(AddressRefused):
            allowed_addresses(host, 443, allowed=allowed, resolve=lambda *_: internal)
    with pytest.raises(AddressRefused, match=r"^10\.2\.0\.1 is a private address\.$"):
        allowed_addresses("10.2.0.1", 443, allowed=allowed, resolve=never)


def test_what_is_opened_is_read_from_words() -> None:
    allowed = Allowed.parse(["10.1.0.0/16", "10.2.0.1", "::1", "localhost", "A.Example"])
    assert allowed.networks == tuple(
        ip_network(network) for network in ("10.1.0.0/16", "10.2.0.1/32", "::1/128")
    )
    assert allowed.hosts == {"localhost", "a.example"}
    assert Allowed.parse([]) == NOTHING


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("10.1.0.1/16", "'10.1.0.1/16' has bits beyond its network; write 10.1.0.0/16."),
        ("10.1", "'10.1' is no network, address or host name."),
        ("10.0.0.0/33", "'10.0.0.0/33' is no network, address or host name."),
        ("http://a.example", "'http://a.example' is no network, address or host name."),
        ("a.example:80", "'a.example:80' is no network, address or host name."),
        ("*.example", "'*.example' is no network, address or host name."),
    ],
)
def test_a_word_that_opens_nothing_is_told(word: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="network") as refusal:
        Allowed.parse(["a.example", word])
    assert str(refusal.value) == sentence
