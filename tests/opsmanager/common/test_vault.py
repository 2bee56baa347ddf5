import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey, SealedBox

from opsmanager.common import vault
from opsmanager.common.problems import Unavailable
from opsmanager.common.vault import SecretUnreadable

PLACE = {"row": "11111111-1111-1111-1111-111111111111", "field": "password"}


def text(key: PrivateKey) -> str:
    return base64.b64encode(bytes(key)).decode()


@given(value=st.text())
def test_what_was_sealed_opens_as_it_was(value: str) -> None:
    assert vault.open_sealed(vault.seal(value, **PLACE), **PLACE) == value


def test_a_sealed_text_names_its_key_and_shows_nothing_of_the_secret() -> None:
    sealed = vault.seal("hunter2", **PLACE)
    version, key, box = sealed.split(":")
    assert (version, len(key)) == ("v1", 12)
    assert "hunter2" not in sealed
    assert b"hunter2" not in base64.b64decode(box)


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert vault.seal("hunter2", **PLACE) != vault.seal("hunter2", **PLACE)


@pytest.mark.parametrize(
    "other", [{"row": "22222222-2222-2222-2222-222222222222"}, {"field": "passphrase"}]
)
def test_a_sealed_text_does_not_open_in_another_row_or_field(other: dict[str, str]) -> None:
    sealed = vault.seal("hunter2", **PLACE)
    with pytest.raises(SecretUnreadable, match="was sealed for another place") as refusal:
        vault.open_sealed(sealed, **{**PLACE, **other})
    assert "hunter2" not in str(refusal.value)


def test_a_single_flipped_bit_anywhere_is_refused() -> None:
    version, key, box = vault.seal("hunter2", **PLACE).split(":")
    raw = base64.b64decode(box)
    for place in range(0, len(raw), 7):
        flipped = bytearray(raw)
        flipped[place] ^= 1
        altered = f"{version}:{key}:{base64.b64encode(flipped).decode()}"
        with pytest.raises(SecretUnreadable, match="was damaged or altered"):
            vault.open_sealed(altered, **PLACE)


@pytest.mark.parametrize("damage", [lambda box: box[:40], lambda box: box + "!", lambda _: "AAAA"])
def test_a_cut_or_mangled_text_is_refused(damage) -> None:
    version, key, box = vault.seal("hunter2", **PLACE).split(":")
    with pytest.raises(SecretUnreadable, match=r"The secret password of .* Enter it again"):
        vault.open_sealed(f"{version}:{key}:{damage(box)}", **PLACE)


@pytest.mark.parametrize("sealed", ["", "hunter2", "v2:abc:def", "v1:abc", "v1:abc:", "v1"])
def test_what_is_in_no_known_form_is_refused_without_showing_it(sealed: str) -> None:
    with pytest.raises(SecretUnreadable, match="is not in a form known here") as refusal:
        vault.open_sealed(sealed, **PLACE)
    assert "hunter2" not in str(refusal.value)


def test_the_web_has_no_private_key_and_can_seal_but_not_open(settings) -> None:
    settings.CREDENTIAL_PRIVATE_KEYS = []
    sealed = vault.seal("hunter2", **PLACE)
    with pytest.raises(SecretUnreadable, match="Only workers can open secrets"):
        vault.open_sealed(sealed, **PLACE)


def test_another_private_key_does_not_open_and_the_missing_one_is_named(settings) -> None:
    sealed = vault.seal("hunter2", **PLACE)
    settings.CREDENTIAL_PRIVATE_KEYS = [text(PrivateKey.generate())]
    with pytest.raises(SecretUnreadable, match=f"no private key {sealed.split(':')[1]}"):
        vault.open_sealed(sealed, **PLACE)


def test_after_a_change_of_keys_old_and_new_secrets_open(settings) -> None:
    old = vault.seal("old", **PLACE)
    fresh = PrivateKey.generate()
    settings.CREDENTIAL_PUBLIC_KEY = base64.b64encode(bytes(fresh.public_key)).decode()
    settings.CREDENTIAL_PRIVATE_KEYS = [text(fresh), *settings.CREDENTIAL_PRIVATE_KEYS]
    new = vault.seal("new", **PLACE)
    assert old.split(":")[1] != new.split(":")[1]
    assert (vault.open_sealed(old, **PLACE), vault.open_sealed(new, **PLACE)) == ("old", "new")


@pytest.mark.parametrize("key", ["", "no base64!", "AAAA", "hunter2-hunter2"])
def test_without_a_good_public_key_nothing_is_sealed_and_the_sentence_says_why(
    settings, key: str
) -> None:
    settings.CREDENTIAL_PUBLIC_KEY = key
    with pytest.raises(Unavailable, match="OPSMANAGER_CREDENTIAL_PUBLIC_KEY is missing") as refusal:
        vault.seal("hunter2", **PLACE)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("key", ["no base64!", "AAAA"])
def test_a_bad_private_key_is_said_without_showing_it(settings, key: str) -> None:
    sealed = vault.seal("hunter2", **PLACE)
    settings.CREDENTIAL_PRIVATE_KEYS = [key]
    with pytest.raises(SecretUnreadable, match="is no key of 32 bytes in base64") as refusal:
        vault.open_sealed(sealed, **PLACE)
    assert key not in str(refusal.value)


def test_a_box_that_anybody_could_make_with_the_public_key_must_still_name_its_place(
    settings,
) -> None:
    sealed = vault.seal("x", **PLACE)
    (private,) = settings.CREDENTIAL_PRIVATE_KEYS
    public = PrivateKey(base64.b64decode(private)).public_key
    for content in (b"no json", b'"text"', json.dumps({"value": "x"}).encode()):
        box = base64.b64encode(SealedBox(public).encrypt(content)).decode()
        with pytest.raises(SecretUnreadable):
            vault.open_sealed(f"v1:{sealed.split(':')[1]}:{box}", **PLACE)
