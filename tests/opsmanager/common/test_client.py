import pytest
from django.test import RequestFactory

from opsmanager.common.client import client_address


def address(forwarded: str | None, *, peer: str = "192.0.2.1") -> str | None:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


@pytest.mark.parametrize("forwarded", [None, "198.51.100.7", "198.51.100.7, 198.51.100.8", "x"])
def test_without_a_proxy_of_ours_nobody_is_believed(settings, forwarded: str | None) -> None:
    settings.TRUSTED_PROXIES = 0
    assert address(forwarded) == "192.0.2.1"


def test_one_proxy_is_believed_in_what_it_appended_and_no_further(settings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert address("198.51.100.7") == "198.51.100.7"
    assert address("203.0.113.9, 127.0.0.1, 198.51.100.7") == "198.51.100.7"


def test_of_two_proxies_the_outer_one_says_who_called(settings) -> None:
    settings.TRUSTED_PROXIES = 2
    assert address("203.0.113.9, 198.51.100.7, 10.0.0.1") == "198.51.100.7"


@pytest.mark.parametrize("forwarded", [None, "", "198.51.100.7"])
def test_a_request_that_went_round_the_proxies_comes_from_its_peer(settings, forwarded) -> None:
    settings.TRUSTED_PROXIES = 2
    assert address(forwarded) == "192.0.2.1"


@pytest.mark.parametrize("nonsense", ["", "unknown", "_hidden", "1.2.3", "' OR 1=1", "::g", "[x]"])
def test_what_is_no_address_is_not_taken_for_one(settings, nonsense: str) -> None:
    settings.TRUSTED_PROXIES = 1
    assert address(nonsense) == "192.0.2.1"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("198.51.100.7:5123", "198.51.100.7"),
        ("[2001:db8::7]:5123", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        (" 2001:DB8:0::7 ", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_usual_spellings_of_an_address_are_read(settings, written: str, meant: str) -> None:
    settings.TRUSTED_PROXIES = 1
    assert address(written) == meant


def test_a_request_over_a_unix_socket_has_no_address(settings) -> None:
    settings.TRUSTED_PROXIES = 0
    assert address(None, peer="") is None
