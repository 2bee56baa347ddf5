from typing import Any

import pytest

from opsmanager.common.locked import SecretLocked, lock, unlock

SECRET = "a secret to sign with"
HERE, THERE = "source:1:secret", "source:2:secret"


def test_what_was_locked_opens_for_its_purpose() -> None:
    locked = lock(SECRET, purpose=HERE)
    assert SECRET not in locked
    assert locked != lock(SECRET, purpose=HERE)
    assert unlock(locked, purpose=HERE) == SECRET


def test_it_opens_for_no_other_purpose() -> None:
    with pytest.raises(SecretLocked):
        unlock(lock(SECRET, purpose=HERE), purpose=THERE)


def test_another_secret_key_does_not_open_it_and_says_what_to_do(settings: Any) -> None:
    locked = lock(SECRET, purpose=HERE)
    settings.SECRET_KEY = "another key"
    with pytest.raises(SecretLocked, match="another SECRET_KEY") as refused:
        unlock(locked, purpose=HERE)
    assert SECRET not in str(refused.value)


def test_a_key_of_before_opens_it(settings: Any) -> None:
    locked = lock(SECRET, purpose=HERE)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"
    assert unlock(locked, purpose=HERE) == SECRET


@pytest.mark.parametrize("text", ["", "k1:", "k1:?", "k2:AAAA", "k1:AAAA", "secret"])
def test_what_is_no_locked_secret_is_said(text: str) -> None:
    with pytest.raises(SecretLocked):
        unlock(text, purpose=HERE)
