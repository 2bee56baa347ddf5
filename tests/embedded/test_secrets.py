"""The secrets: made once, private, and given only to those who need them."""

import base64
from pathlib import Path

import pytest
from nacl.public import PrivateKey, SealedBox

from opsmanager.embedded.errors import SecretsError
from opsmanager.embedded.secrets import (
    JWT_KEY,
    JWT_PREVIOUS_KEYS,
    PRIVATE_KEYS,
    PUBLIC_KEY,
    SECRET_KEY,
    Secrets,
)


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    secrets = Secrets(folder=tmp_path / "secrets", environ={})
    secrets.create()
    return secrets


def test_only_their_owner_can_read_them(secrets: Secrets) -> None:
    secrets.password("REDIS_PASSWORD")
    assert secrets.folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in secrets.folder.iterdir()} == {0o600}


def test_a_second_start_keeps_them(secrets: Secrets) -> None:
    before = {file.name: file.read_text() for file in secrets.folder.iterdir()}
    secrets.create()
    assert {file.name: file.read_text() for file in secrets.folder.iterdir()} == before
    assert secrets.password("REDIS_PASSWORD") == secrets.password("REDIS_PASSWORD")


def test_what_the_public_key_seals_the_private_key_opens(secrets: Secrets) -> None:
    variables = secrets.for_worker()
    public = PrivateKey(
        base64.b64decode(Path(variables[f"{PRIVATE_KEYS}_FILE"]).read_text())
    ).public_key
    assert base64.b64decode(Path(variables[f"{PUBLIC_KEY}_FILE"]).read_text()) == bytes(public)
    assert SealedBox(public).encrypt(b"secret")


def test_only_workers_can_open_credentials(secrets: Secrets) -> None:
    assert f"{PRIVATE_KEYS}_FILE" in secrets.for_worker()
    for variables in (secrets.for_web(), secrets.for_beat()):
        assert not any(PRIVATE_KEYS in name for name in variables)
    assert set(secrets.for_tests()) == {
        f"{name}_FILE"
        for name in (SECRET_KEY, PUBLIC_KEY, PRIVATE_KEYS, JWT_KEY, JWT_PREVIOUS_KEYS)
    }


def test_the_operators_own_are_used_instead(tmp_path: Path) -> None:
    secrets = Secrets(
        folder=tmp_path,
        environ={SECRET_KEY: "mine", f"{JWT_KEY}_FILE": "/keys/jwt.pem", PUBLIC_KEY: ""},
    )
    secrets.create()
    variables = secrets.for_web()
    assert variables[SECRET_KEY] == "mine"
    assert variables[f"{JWT_KEY}_FILE"] == "/keys/jwt.pem"
    assert variables[f"{PUBLIC_KEY}_FILE"] == str(tmp_path / PUBLIC_KEY.lower())
    assert not (tmp_path / SECRET_KEY.lower()).exists()


def test_a_whole_pair_of_the_operators_own_is_left_alone(tmp_path: Path) -> None:
    environ = {PUBLIC_KEY: "p", PRIVATE_KEYS: "k"}
    secrets = Secrets(folder=tmp_path, environ=environ)
    secrets.create()
    assert not (tmp_path / PRIVATE_KEYS.lower()).exists()
    assert secrets.for_worker().items() >= environ.items()


def test_half_a_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretsError, match=f"{PUBLIC_KEY} is set without its other half"):
        Secrets(folder=tmp_path, environ={PUBLIC_KEY: "p"}).create()


def test_a_lost_private_key_is_not_replaced_in_silence(secrets: Secrets) -> None:
    (secrets.folder / PRIVATE_KEYS.lower()).unlink()
    with pytest.raises(SecretsError, match="no stored credential can be opened"):
        secrets.create()


def test_a_lost_public_key_is_derived_again(secrets: Secrets) -> None:
    file = secrets.folder / PUBLIC_KEY.lower()
    before = file.read_text()
    file.unlink()
    secrets.create()
    assert file.read_text() == before
