"""Private keys as people paste them."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec

from servers.ssh.errors import CredentialInvalid
from servers.ssh.private_keys import load_private_key


def make(folder: Path, *words: str, passphrase: str = "") -> str:
    path = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-N", passphrase, "-f", path, *words], check=True)
    return path.read_text()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["-t", "ed25519"], "ssh-ed25519"),
        (["-t", "ecdsa", "-b", "384"], "ecdsa-sha2-nistp384"),
        (["-t", "rsa", "-b", "2048"], "ssh-rsa"),
        (["-t", "rsa", "-b", "2048", "-m", "PEM"], "ssh-rsa"),
        (["-t", "ecdsa", "-m", "PEM"], "ecdsa-sha2-nistp256"),
        (["-t", "rsa", "-b", "2048", "-m", "PKCS8"], "ssh-rsa"),
    ],
)
def test_every_common_format_is_read(tmp_path: Path, words: list[str], name: str) -> None:
    public = make(tmp_path, *words) and (tmp_path / "key.pub").read_text().split()[1]
    key = load_private_key((tmp_path / "key").read_text(), None)
    assert (key.get_name(), key.get_base64(), key.can_sign()) == (name, public, True)


def test_windows_line_ends_and_missing_last_newline_do_no_harm(tmp_path: Path) -> None:
    text = make(tmp_path, "-t", "ed25519").strip().replace("\n", "\r\n")
    assert load_private_key(f"\n  {text}", None).can_sign()


@pytest.mark.parametrize("words", [["-t", "ed25519"], ["-t", "ecdsa", "-m", "PKCS8"]])
class TestPassphrase:
    def test_the_right_one_opens(self, tmp_path: Path, words: list[str]) -> None:
        assert load_private_key(make(tmp_path, *words, passphrase="right1"), "right1").can_sign()

    def test_a_wrong_one_is_said_to_be_wrong(self, tmp_path: Path, words: list[str]) -> None:
        with pytest.raises(CredentialInvalid, match="passphrase is wrong"):
            load_private_key(make(tmp_path, *words, passphrase="right1"), "wrong1")

    def test_a_missing_one_is_asked_for(self, tmp_path: Path, words: list[str]) -> None:
        with pytest.raises(CredentialInvalid, match="the credential has none; add it"):
            load_private_key(make(tmp_path, *words, passphrase="right1"), None)

    def test_one_too_many_is_ignored(self, tmp_path: Path, words: list[str]) -> None:
        assert load_private_key(make(tmp_path, *words), "needless").can_sign()


def test_something_else_is_refused_without_quoting_it() -> None:
    with pytest.raises(CredentialInvalid, match="cannot be read: it is damaged") as caught:
        load_private_key("-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n", None)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["dsa", "secp256k1"])
def test_a_type_that_ssh_does_not_know_is_refused(kind: str) -> None:
    key = (
        dsa.generate_private_key(2048) if kind == "dsa" else ec.generate_private_key(ec.SECP256K1())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(CredentialInvalid, match="type that SSH no longer accepts"):
        load_private_key(text.decode(), None)
