"""What a target tells and what it keeps to itself."""

from dataclasses import replace

import pytest

from servers.ssh.host_keys import HostKey
from servers.ssh.target import Target

TARGET = Target(
    name="web1",
    hostname="web1.example.org",
    username="noc",
    password="s3cret",
    private_key="PEM",
    passphrase="opens3same",
    host_keys=(HostKey(type="ssh-ed25519", blob_base64="AAAA"),),
)


def test_no_secret_is_in_its_repr_or_its_pool_key() -> None:
    shown = repr(TARGET) + repr(TARGET.pool_key)
    assert not any(secret in shown for secret in ("s3cret", "PEM", "opens3same"))


def test_equal_logins_share_a_pool_key_whatever_the_server_is_called() -> None:
    twin = replace(TARGET, name="other", recorded=False, connect_timeout=1)
    assert twin.pool_key == TARGET.pool_key


@pytest.mark.parametrize(
    "changes",
    [
        {"hostname": "web2.example.org"},
        {"port": 2222},
        {"username": "root"},
        {"password": "other"},
        {"password": None},
        {"password": ""},
        {"private_key": "other"},
        {"passphrase": None},
        {"host_keys": ()},
        {"host_keys": (HostKey(type="ssh-ed25519", blob_base64="BBBB"),)},
    ],
)
def test_what_decides_a_login_decides_the_pool_key(changes: dict[str, object]) -> None:
    assert replace(TARGET, **changes).pool_key != TARGET.pool_key


def test_the_order_of_accepted_keys_does_not_matter() -> None:
    one, two = (HostKey(type="ssh-ed25519", blob_base64=blob) for blob in ("AAAA", "BBBB"))
    first = replace(TARGET, host_keys=(one, two))
    assert first.pool_key == replace(TARGET, host_keys=(two, one)).pool_key


def test_secrets_cannot_be_shifted_from_one_field_to_the_next() -> None:
    one = replace(TARGET, password="ab", private_key="c")
    assert one.pool_key != replace(TARGET, password="a", private_key="bc").pool_key


def test_messages_name_server_address_and_port() -> None:
    assert TARGET.label == "web1 (web1.example.org:22)"
    assert replace(TARGET, hostname="::1").label == "web1 ([::1]:22)"
