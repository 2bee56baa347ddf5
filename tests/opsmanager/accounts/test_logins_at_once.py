"""Right logins that come at the same moment from an unknown place are told the truth."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from opsmanager.accounts import throttle
from opsmanager.audit.models import AuditEvent
from tests.support.users import PASSWORD, user_with

AT_ONCE = 12
BUSY = "As many logins are being checked right now as may be at once. Wait 1 s, then try again."


def log_in(_: int) -> Any:
    try:
        data = {"username": "nora", "password": PASSWORD}
        return Client(REMOTE_ADDR="198.51.100.7").post(
            "/api/v1/auth/token", data, "application/json"
        )
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_nobody_is_accused_of_wrong_passwords() -> None:
    user_with("NOC", name="nora")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(log_in, range(AT_ONCE)))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {(answer.status_code, answer.json()["message"]) for answer in refused} <= {(429, BUSY)}
    assert not AuditEvent.objects.filter(verb__in=["LOGIN_FAILED", "LOGIN_THROTTLED"]).exists()


@pytest.mark.django_db
def test_one_too_many_at_once_is_refused_without_a_word_of_wrong_ones() -> None:
    limits = {throttle.key("account", "nora"): throttle.ACCOUNT}
    for _ in range(throttle.ACCOUNT.free):
        throttle.reserve(limits)
    with pytest.raises(throttle.TooManyTries) as refusal:
        throttle.reserve(limits)
    assert (refusal.value.message, refusal.value.is_news) == (BUSY, False)


@pytest.mark.django_db
def test_wrong_ones_are_named_also_while_others_are_looked_at() -> None:
    limits = {throttle.key("account", "nora"): throttle.ACCOUNT}
    throttle.reserve(limits)
    for _ in range(throttle.ACCOUNT.free - 1):
        throttle.reserve(limits)
        throttle.was_wrong(limits)
    throttle.was_wrong(limits)
    with pytest.raises(throttle.TooManyTries) as refusal:
        throttle.reserve(limits)
    assert refusal.value.message.startswith("Too many wrong passwords were tried. ")
    assert refusal.value.is_news
