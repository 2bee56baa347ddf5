"""Fingerprints as ssh-keygen prints them, and keys offered by a real sshd."""

import subprocess

import pytest

from servers.ssh.errors import Unreachable
from servers.ssh.host_keys import HostKey, algorithms, offered_key
from tests.servers.ssh.openssh import Sshd, free_port


def key(kind: str) -> HostKey:
    return HostKey(type=kind, blob_base64="AAAA")


def test_each_type_is_proved_by_its_safe_algorithms_only() -> None:
    assert algorithms([key("ssh-rsa"), key("ssh-ed25519"), key("ssh-rsa")]) == (
        "rsa-sha2-512",
        "rsa-sha2-256",
        "ssh-ed25519",
    )
    assert algorithms([]) == ()


@pytest.mark.sshd
def test_the_offered_key_has_the_fingerprint_that_ssh_keygen_prints(sshd: Sshd) -> None:
    offered = offered_key("127.0.0.1", sshd.port, timeout=10)
    assert offered == sshd.host_keys[0]
    printed = subprocess.run(
        ["ssh-keygen", "-lf", sshd.host_key_files[0]], check=True, capture_output=True, text=True
    )
    assert offered.fingerprint == printed.stdout.split()[1]


@pytest.mark.sshd
@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_every_type_of_key_can_be_offered(unstarted_sshd: Sshd, kind: str) -> None:
    unstarted_sshd.host_key_files = [unstarted_sshd.add_host_key(kind)]
    unstarted_sshd.start()
    assert offered_key("127.0.0.1", unstarted_sshd.port) == unstarted_sshd.host_keys[0]


def test_without_a_server_it_says_so() -> None:
    with pytest.raises(Unreachable, match="refused the connection"):
        offered_key("127.0.0.1", free_port())
