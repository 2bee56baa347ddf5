"""Whoever guesses passwords is slowed down, and nobody else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from opsmanager.accounts import throttle
from opsmanager.accounts.models import LoginThrottle, User
from opsmanager.audit.models import AuditEvent
from tests.support.users import PASSWORD, user_with

pytestmark = pytest.mark.django_db

TOKEN = "/api/v1/auth/token"
JSON = "application/json"
ELSEWHERE = "198.51.100.7"


class Hasher(hashers.MD5PasswordHasher):
    """Counts how often a password is hashed: the work, and the look, that guessing costs."""

    looked = 0

    def encode(self, password: str, salt: str) -> str:
        Hasher.looked += 1
        return super().encode(password, salt)


@pytest.fixture
def hasher(settings: Any, user: User) -> type[Hasher]:
    settings.PASSWORD_HASHERS = [f"{__name__}.Hasher"]
    user.set_password(PASSWORD)
    user.save()
    Hasher.looked = 0
    return Hasher


@pytest.fixture
def user() -> User:
    return user_with("NOC", name="nora")


def token(password: str = "wrong", *, name: str = "nora", address: str = ELSEWHERE, **more: str):
    data = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address, headers=more).post(TOKEN, data, JSON)


def page(password: str = "wrong", *, browser: Client | None = None, address: str = ELSEWHERE):
    client = browser or Client()
    data = {"username": "nora", "password": password}
    return client.post("/login/", data, REMOTE_ADDR=address)


def pass_(**time: float) -> None:
    """Let time pass for what was counted."""
    gone = timedelta(**time)
    LoginThrottle.objects.update(free_at=F("free_at") - gone, last_at=F("last_at") - gone)


def hour_of_guesses(guess: Any, *, pause: int = 10) -> None:
    # Not quite an hour: the test itself takes time, too.
    for number in range(3500 // pause):
        guess(number)
        pass_(seconds=pause)


def test_an_hour_of_guesses_from_one_address_gets_few_looks(hasher: type[Hasher]) -> None:
    hour_of_guesses(lambda _: token())
    assert 3 <= hasher.looked <= 20


# Committed each time: else PostgreSQL keeps, and looks at, all that 200 rows have ever been.
@pytest.mark.django_db(transaction=True)
def test_an_hour_of_guesses_from_many_addresses_gets_few_looks(hasher: type[Hasher]) -> None:
    hour_of_guesses(lambda number: token(address=f"198.51.100.{number % 200}"))
    assert 3 <= hasher.looked <= 20


def test_an_hour_of_guesses_also_from_the_owners_address_gets_few_looks(
    hasher: type[Hasher],
) -> None:
    token(PASSWORD, address="192.0.2.1")
    hasher.looked = 0
    hour_of_guesses(lambda number: token(address=("192.0.2.1", ELSEWHERE)[number % 2]))
    assert 5 <= hasher.looked <= 20


@pytest.mark.parametrize("proxies", [0, 1])
def test_an_address_that_a_client_makes_up_changes_nothing(
    hasher: type[Hasher], settings: Any, proxies: int
) -> None:
    settings.TRUSTED_PROXIES = proxies
    end = f", {ELSEWHERE}" if proxies else ""
    for number in range(200):
        # Many accounts, so that only the address is what they have in common.
        made_up = f"203.0.113.{number % 250}{end}"
        token(name=f"user{number}", **{"x-forwarded-for": made_up})
    # On a slow machine some have waited long enough meanwhile.
    assert throttle.ADDRESS.free <= hasher.looked <= throttle.ADDRESS.free + 3


def test_the_login_page_and_the_api_count_together(hasher: type[Hasher]) -> None:
    assert page().status_code == 200
    assert token().status_code == 401
    assert page().status_code == 200
    assert token().status_code == 429
    assert page().status_code == 429
    assert hasher.looked == 3


def test_the_api_says_how_long_to_wait(user: User) -> None:
    for _ in range(3):
        token()
    answer = token()
    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert answer.json() == {
        "error": "RateLimitExceeded",
        "message": "Too many wrong passwords were tried. Wait 1 min, then try again.",
        "code": "RATE_LIMIT_EXCEEDED",
        "details": {"retryAfterSeconds": 60},
    }


def test_the_login_page_says_how_long_to_wait(user: User) -> None:
    for _ in range(3):
        page()
    pass_(seconds=30)
    answer = page(PASSWORD)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) <= 30
    assert "Too many wrong passwords were tried. Wait " in answer.content.decode()


def test_the_right_password_has_to_wait_too_or_the_wait_would_tell(user: User) -> None:
    for _ in range(3):
        token()
    assert token(PASSWORD).status_code == 429
    pass_(minutes=1)
    assert token(PASSWORD).status_code == 200


def test_each_further_wrong_try_waits_twice_as_long_up_to_a_quarter_of_an_hour(
    user: User,
) -> None:
    waits = []
    for _ in range(12):
        token()
        answer = token()
        wait = int(answer.headers.get("Retry-After", 0))
        waits.append(wait)
        # Not by last_at: nothing is to be forgotten meanwhile.
        LoginThrottle.objects.update(free_at=F("free_at") - timedelta(seconds=wait))
    assert waits[1:7] == [60, 120, 240, 480, 900, 900]


def test_wrong_tries_are_forgotten_in_time(user: User) -> None:
    for _ in range(3):
        token()
    assert token().status_code == 429
    pass_(hours=2)
    assert [token().status_code for _ in range(4)] == [401, 401, 401, 429]


def test_to_try_while_one_has_to_wait_makes_the_wait_no_longer(user: User) -> None:
    for _ in range(3):
        token()
    before = LoginThrottle.objects.order_by("-free_at")[0].free_at
    for _ in range(20):
        token()
    assert LoginThrottle.objects.order_by("-free_at")[0].free_at == before


def test_the_owner_gets_in_by_a_known_browser_while_others_guess(user: User) -> None:
    browser = Client()
    assert page(PASSWORD, browser=browser, address="192.0.2.1").status_code == 302
    browser.post("/logout/")
    for _ in range(10):
        token()
    assert token(PASSWORD).status_code == 429
    # From anywhere: it is the browser that is known.
    assert page(PASSWORD, browser=browser, address="192.0.2.99").status_code == 302


def test_the_owner_gets_in_from_a_known_address_while_others_guess(user: User) -> None:
    assert token(PASSWORD, address="192.0.2.1").status_code == 200
    for _ in range(10):
        token()
    assert token(PASSWORD, address="192.0.2.2").status_code == 429
    assert token(PASSWORD, address="192.0.2.1").status_code == 200


def test_everybody_may_be_waiting_and_the_owner_still_gets_in(user: User) -> None:
    token(PASSWORD, address="192.0.2.1")
    token(name="somebody", address="10.1.1.2")
    everybody = LoginThrottle.objects.filter(pk=throttle.key("all"))
    soon = timezone.now() + timedelta(minutes=10)
    assert everybody.update(failed=throttle.EVERYBODY.free, free_at=soon) == 1
    assert token(name="somebody", address="10.1.1.1").status_code == 429
    assert token(PASSWORD, address="192.0.2.1").status_code == 200


def test_a_known_browser_may_not_guess_without_end_either(user: User) -> None:
    browser = Client()
    page(PASSWORD, browser=browser, address="192.0.2.1")
    browser.post("/logout/")
    answers = [page(browser=browser).status_code for _ in range(6)]
    assert answers == [200, 200, 200, 200, 200, 429]


def test_a_known_browser_is_known_to_its_own_account_alone(user: User) -> None:
    user_with("NOC", name="otto")
    browser = Client()
    data = {"username": "otto", "password": PASSWORD}
    browser.post("/login/", data, REMOTE_ADDR="192.0.2.1")
    browser.post("/logout/")
    for _ in range(3):
        token()
    assert page(PASSWORD, browser=browser).status_code == 429


@pytest.mark.parametrize("forged", ["", "x", "WyJhIiwiYiJd:1abc:x", "a" * 5000])
def test_a_cookie_that_somebody_made_up_is_that_of_nobody(user: User, forged: str) -> None:
    for _ in range(3):
        token()
    browser = Client()
    browser.cookies["opsmanager_device"] = forged
    assert page(PASSWORD, browser=browser).status_code == 429


def test_the_cookie_of_a_known_browser_opens_nothing_and_goes_to_the_login_page_alone(
    user: User,
) -> None:
    browser = Client()
    page(PASSWORD, browser=browser)
    cookie = browser.cookies["opsmanager_device"]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/login/", "Strict", True)
    assert "nora" not in cookie.value
    stranger = Client()
    stranger.cookies["opsmanager_device"] = cookie.value
    assert stranger.get("/").status_code == 302


def test_a_right_password_of_ones_own_buys_no_guesses_of_others() -> None:
    limits = {throttle.key("address", ELSEWHERE): throttle.ADDRESS}
    for _ in range(throttle.ADDRESS.free):
        throttle.reserve(limits)
        throttle.was_right(limits)
        throttle.reserve(limits)
        throttle.was_wrong(limits)
    with pytest.raises(throttle.TooManyTries):
        throttle.reserve(limits)


def test_a_name_that_nobody_has_is_answered_and_counted_like_one_that_somebody_has(
    hasher: type[Hasher],
) -> None:
    known = [token() for _ in range(5)]
    looked, hasher.looked = hasher.looked, 0
    unknown = [token(name="nobody", address="198.51.100.8") for _ in range(5)]
    assert hasher.looked == looked == 3
    for one, other in zip(known, unknown, strict=True):
        assert (one.status_code, one.json()) == (other.status_code, other.json())


def test_spellings_of_a_name_count_together(user: User) -> None:
    names = ["nora", "NORA", "Nora", "\uff4e\uff4f\uff52\uff41"]
    answers = [token(name=name).status_code for name in names]
    assert answers == [401, 401, 401, 429]


def test_an_ipv6_customer_does_not_escape_by_changing_the_last_half(hasher: type[Hasher]) -> None:
    for number in range(40):
        token(name=f"user{number}", address=f"2001:db8:0:1::{number:x}")
    assert throttle.ADDRESS.free <= hasher.looked <= throttle.ADDRESS.free + 2


def test_the_old_password_can_not_be_guessed_at_a_browser_left_open(hasher: type[Hasher]) -> None:
    browser = Client()
    browser.force_login(User.objects.get())
    new = {"new_password1": "another correct horse", "new_password2": "another correct horse"}
    answers = [browser.post("/account/password/", {"old_password": "x", **new}) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [422] * 8
    assert "Too many wrong passwords were tried" in answers[-1].content.decode()
    right = browser.post("/account/password/", {"old_password": PASSWORD, **new})
    assert right.status_code == 422
    assert hasher.looked == throttle.KNOWN.free


def test_the_admin_has_no_login_of_its_own(user: User) -> None:
    answer = Client().post("/admin/login/", {"username": "nora", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/admin/")


def test_a_wait_is_told_once_and_not_at_each_try(user: User) -> None:
    for _ in range(20):
        token()
    verbs = list(AuditEvent.objects.order_by("seq").values_list("verb", flat=True))
    assert verbs == ["LOGIN_FAILED"] * 3 + ["LOGIN_THROTTLED"]
    event = AuditEvent.objects.get(verb="LOGIN_THROTTLED")
    assert (event.outcome, event.address) == ("REFUSED", ELSEWHERE)
    assert event.details == {"username": "nora"}


def test_what_is_counted_holds_no_name_and_no_address(user: User) -> None:
    token()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM accounts_loginthrottle t")
        stored = cursor.fetchone()[0]
    assert "nora" not in stored
    assert ELSEWHERE not in stored


def test_old_counts_are_deleted_but_not_who_is_known(user: User) -> None:
    token(PASSWORD, address="192.0.2.1")
    token()
    pass_(days=2)
    throttle.prune()
    (row,) = LoginThrottle.objects.all()
    assert row.known_until is not None
    LoginThrottle.objects.update(known_until=F("last_at"))
    throttle.prune()
    assert not LoginThrottle.objects.exists()


def test_a_try_whose_process_died_blocks_nobody_for_long(user: User) -> None:
    limits = {throttle.key("x"): throttle.ACCOUNT}
    for _ in range(3):
        throttle.reserve(limits)
    with pytest.raises(throttle.TooManyTries) as refusal:
        throttle.reserve(limits)
    assert refusal.value.retry_after == 1
    pass_(seconds=throttle.ABANDONED_SECONDS + 1)
    throttle.reserve(limits)


@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_once_are_counted_too(hasher: type[Hasher]) -> None:
    def guess(_: int) -> int:
        try:
            return token().status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(guess, range(24)))
    assert hasher.looked <= throttle.ACCOUNT.free
    assert set(codes) == {401, 429}
