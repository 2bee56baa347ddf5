"""Passwords are kept as Argon2id hashes, and weak ones are refused."""

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from opsmanager.accounts.models import User
from opsmanager.settings import security


@pytest.fixture(autouse=True)
def the_real_hashers(settings: Any) -> None:
    settings.PASSWORD_HASHERS = security.PASSWORD_HASHERS


def test_a_password_is_kept_as_argon2id_with_enough_memory_and_rounds() -> None:
    user = User(username="ann")
    user.set_password("correct horse battery")
    algorithm, variant, _version, parameters, *_ = user.password.split("$")
    assert (algorithm, variant) == ("argon2", "argon2id")
    found = dict(pair.split("=") for pair in parameters.split(","))
    # OWASP asks for at least 19 MiB with two rounds.
    assert int(found["m"]) >= 19 * 1024
    assert int(found["t"]) >= 2
    assert user.check_password("correct horse battery")


def test_two_hashes_of_one_password_differ() -> None:
    first, second = make_password("correct horse battery"), make_password("correct horse battery")
    assert first != second
    assert check_password("correct horse battery", first)


@pytest.mark.parametrize("weak", ["zk3Xq", "password1234", "ann.operator", "annoperator1"])
def test_a_weak_password_is_refused(weak: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(weak, User(username="annoperator", email="ann.operator@ops.example"))


def test_a_long_sentence_is_a_password() -> None:
    validate_password("correct horse battery", User(username="ann"))
