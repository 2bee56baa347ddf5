"""What does not prove who somebody is signs nobody in; and what the page says then."""

import logging
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from opsmanager.accounts.models import User
from opsmanager.accounts.sso import pages
from opsmanager.accounts.sso import provider as known
from opsmanager.audit.models import AuditEvent
from opsmanager.embedded import port as ports
from tests.support.oidc.flow import Walk
from tests.support.oidc.running import Provider, provider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ann(sso: Provider) -> None:
    sso.person("ann", "noc-team")


def is_out(walk: Walk) -> bool:
    return walk.browser.get("/").status_code == 302 and not User.objects.exists()


def query(address: str) -> dict[str, str]:
    return {name: texts[0] for name, texts in parse_qs(urlsplit(address).query).items()}


def test_the_question_has_state_nonce_and_the_hash_of_a_verifier(walk: Walk) -> None:
    first, second = query(walk.begin()), query(walk.begin())
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["scope"].split()[0] == "openid"
    assert first["redirect_uri"] == "http://localhost:8000/login/sso/answer/"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]


def test_an_answer_with_another_state_signs_nobody_in(walk: Walk) -> None:
    address = walk.provider.sign_in(walk.begin(), "ann")
    answer = walk.back(re.sub("state=[^&]+", "state=other", address))
    assert answer.status_code == 400
    assert "That login is over" in answer.content.decode()
    assert is_out(walk)


def test_an_answer_of_another_browser_signs_nobody_in(walk: Walk) -> None:
    address = walk.provider.sign_in(walk.begin(), "ann")
    victim = Walk(browser=Client(), provider=walk.provider)
    victim.begin()
    assert victim.back(address).status_code == 400
    assert is_out(victim)


def test_an_answer_that_was_used_signs_nobody_in_again(walk: Walk) -> None:
    address = walk.provider.sign_in(walk.begin(), "ann")
    assert walk.back(address).status_code == 302
    walk.browser.logout()
    assert walk.back(address).status_code == 400
    assert walk.browser.get("/").status_code == 302


def test_a_code_that_was_used_is_refused_by_the_provider(walk: Walk) -> None:
    used = query(walk.provider.sign_in(walk.begin(), "ann"))["code"]
    state = query(walk.begin())["state"]
    # With the other login's verifier it is no good either, used or not.
    answer = walk.back(f"/login/sso/answer/?code={used}&state={state}")
    assert answer.status_code == 400
    assert "could not be checked" in answer.content.decode()
    assert is_out(walk)


def test_a_login_that_took_too_long_is_over(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    address = walk.provider.sign_in(walk.begin(), "ann")
    later = time.time() + 601
    monkeypatch.setattr(pages.time, "time", lambda: later)
    assert walk.back(address).status_code == 400


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["another"], "azp": "OURS"}, "aud"),
        ({"aud": ["OURS", "another"]}, "azp"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"age": 90}, "ExpiredTokenError"),
        ({"exp": None}, "exp"),
        ({"iat": 9_999_999_999}, "iat|InvalidTokenError"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"key": "foreign"}, "BadSignatureError"),
    ],
)
def test_a_token_that_is_wrong_signs_nobody_in(
    walk: Walk, faults: dict[str, object], why: str
) -> None:
    ours = walk.provider.client_id
    said = {
        name: [ours if each == "OURS" else each for each in value]
        if isinstance(value, list)
        else ours
        if value == "OURS"
        else value
        for name, value in faults.items()
    }
    walk.provider.faults(**said)
    answer = walk.sign_in("ann")
    assert answer.status_code == 400
    assert "could not be checked" in answer.content.decode()
    assert is_out(walk)
    refused = AuditEvent.objects.get(verb="LOGIN_FAILED")
    assert re.search(why, refused.message), refused.message


def test_a_token_by_a_key_that_is_new_is_taken(walk: Walk) -> None:
    address = walk.provider.sign_in(walk.begin(), "ann")
    # What was read before knows one key only.
    found = known.current()
    found.keys = {"keys": [{"kty": "oct", "kid": "old", "k": "A" * 43}]}
    walk.provider.faults(extra="")
    assert walk.back(address).status_code == 302


def test_a_provider_that_declines_is_said_without_its_own_words(walk: Walk) -> None:
    address = walk.provider.sign_in(walk.begin(), action="deny")
    state = query(walk.begin())["state"]
    assert "error=access_denied" in address
    answer = walk.back(
        f"/login/sso/answer/?state={state}&error=access_denied&error_description=Call+0900-evil"
    )
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "(access_denied)" in page
    assert "evil" not in page
    assert is_out(walk)


def test_a_provider_that_is_away_is_said_before_and_after(walk: Walk, settings: Settings) -> None:
    address = walk.provider.sign_in(walk.begin(), "ann")
    known.current().metadata["token_endpoint"] = f"http://127.0.0.1:{ports.free()}/token"
    after = walk.back(address)
    settings.OIDC_ISSUER = f"http://127.0.0.1:{ports.free()}"
    before = Client().post("/login/sso/")
    for answer in (before, after):
        assert answer.status_code == 503
        page = answer.content.decode()
        assert "Single sign-on does not answer" in page
        assert "A SUPER_ADMIN can sign in with a password" in page
    assert is_out(walk)


def test_a_provider_that_dies_while_somebody_is_there_is_said(settings: Settings) -> None:
    with provider() as dying:
        dying.register("http://localhost:8000/login/sso/answer/")
        dying.person("ann", "noc-team")
        settings.OIDC_ISSUER = dying.issuer
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = dying.client_id, dying.client_secret
        walk = Walk(browser=Client(), provider=dying)
        address = dying.sign_in(walk.begin(), "ann")
        dying.process.kill()
        dying.process.wait()
        assert walk.back(address).status_code == 503


def test_an_issuer_that_calls_itself_otherwise_is_not_believed(
    walk: Walk, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OIDC_ISSUER = f"{walk.provider.issuer}/"
    known.forget()
    assert walk.browser.post("/login/sso/").status_code == 503
    refused = AuditEvent.objects.get(verb="LOGIN_FAILED")
    assert "to the slash at the end" in refused.message


def test_who_fails_again_and_again_has_to_wait(walk: Walk) -> None:
    seen = [
        walk.browser.get("/login/sso/answer/?code=x&state=guess").status_code for _ in range(25)
    ]
    assert seen[:20] == [400] * 20
    assert seen[-1] == 429
    answer = walk.browser.get("/login/sso/answer/?code=x&state=guess")
    assert int(answer["Retry-After"]) > 0
    assert AuditEvent.objects.filter(verb="LOGIN_THROTTLED").count() == 1


def test_neither_codes_nor_tokens_nor_the_secret_are_logged_or_shown(
    walk: Walk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    begun = walk.begin()
    address = walk.provider.sign_in(begun, "ann")
    verifier = walk.browser.session["sign_on"][query(begun)["state"]]["verifier"]
    assert walk.back(address).status_code == 302
    walk.provider.faults(aud="another")
    failed = Walk(browser=Client(), provider=walk.provider)
    failed_address = failed.provider.sign_in(failed.begin(), "ann")
    page = failed.back(failed_address).content.decode()
    out, err = capfd.readouterr()
    said = (
        f"{caplog.text}{out}{err}{page}{list(AuditEvent.objects.values_list('message', 'details'))}"
    )
    secret = walk.provider.client_secret
    codes = [query(each)["code"] for each in (address, failed_address)]
    for each in (secret, verifier, *codes, "eyJhbGciOi"):
        assert each not in said
