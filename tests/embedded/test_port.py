"""Ports: what stands in the web's way, in a sentence."""

import socket

import pytest

from opsmanager.embedded import port as ports
from opsmanager.embedded.errors import AddressError


def test_a_free_port_is_free() -> None:
    ports.ensure_free("127.0.0.1", ports.free())


def test_a_port_in_use_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(AddressError, match=rf"Port {taken} on 127\.0\.0\.1 is in use.*PORT="):
            ports.ensure_free("127.0.0.1", taken)


@pytest.mark.parametrize("value", ["", "http", "0", "65536", "80 80", "٨"])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(AddressError, match="PORT must be a number"):
        ports.parse(value)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(AddressError, match="HOST="):
        ports.ensure_free(host, ports.free())


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("ops.example.org", "http://ops.example.org:80"),
    ],
)
def test_the_address_can_be_opened_on_this_machine(host: str, address: str) -> None:
    assert ports.web_address(host, 80) == address
