"""The secrets that a process remembers."""

from collections.abc import Iterator

import pytest

from opsmanager.common import secrets_in_use


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = secrets_in_use._remembered.copy()
    secrets_in_use._remembered.clear()
    monkeypatch.setattr(secrets_in_use, "_current", None)
    yield
    secrets_in_use._remembered.clear()
    secrets_in_use._remembered.update(before)


def secret(number: int) -> str:
    return f"S3CR3T-{number:06}-abcdef"


def test_one_more_is_masked_beside_those_that_were_known() -> None:
    secrets_in_use.remember([secret(1)])
    assert secrets_in_use.redactor().text(f"{secret(1)} {secret(2)}") == f"*** {secret(2)}"
    secrets_in_use.remember([secret(2), None, "abc"])
    assert secrets_in_use.redactor().text(f"{secret(1)} {secret(2)} abc") == "*** *** abc"


def test_one_for_a_single_use_is_not_remembered() -> None:
    secrets_in_use.remember([secret(1)])
    assert secrets_in_use.redactor_with([secret(2)]).text(f"{secret(1)} {secret(2)}") == "*** ***"
    assert secrets_in_use.redactor().text(secret(2)) == secret(2)


def test_the_older_half_of_too_many_is_forgotten() -> None:
    many = [secret(number) for number in range(secrets_in_use._MOST + 1)]
    secrets_in_use.remember(many[:-1])
    assert secrets_in_use.redactor().text(many[0]) == "***"
    secrets_in_use.remember(many[-1:])
    redactor = secrets_in_use.redactor()
    assert redactor.text(many[0]) == many[0]
    kept = many[-secrets_in_use._LEAST_KEPT :]
    assert {redactor.text(each) for each in kept} == {"***"}
