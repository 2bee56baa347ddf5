"""After its rest a breaker lets one login through, not a crowd."""

import time

import pytest

from servers.ssh.breaker import Breaker
from servers.ssh.errors import LoginRefused
from servers.ssh.target import Target

TARGET = Target(name="web1", hostname="web1", username="noc", password="s3cret")


def test_one_try_is_let_through_after_the_rest() -> None:
    breaker = Breaker(limit=2, rest=0.2)
    for _ in range(2):
        breaker.check(TARGET)
        breaker.refused(TARGET)
    with pytest.raises(LoginRefused) as caught:
        breaker.check(TARGET)
    assert "s3cret" not in str(caught.value)
    time.sleep(0.3)
    breaker.check(TARGET)
    with pytest.raises(LoginRefused):
        breaker.check(TARGET)


def test_resetting_what_was_never_refused_does_no_harm() -> None:
    Breaker().reset(TARGET)
