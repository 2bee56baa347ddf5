import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings as project
from django.test import Client

from opsmanager.accounts.jwt import _CHECKED, key_set, keys
from opsmanager.accounts.models import User
from tests.support.users import PASSWORD, user_with

pytestmark = pytest.mark.django_db

TOKEN, REFRESH, ME = "/api/v1/auth/token", "/api/v1/auth/token/refresh", "/api/v1/auth/me"
JSON = "application/json"


@pytest.fixture
def user() -> User:
    return user_with("NOC", name="nora")


def log_in(**credentials: Any) -> Any:
    return Client().post(TOKEN, {"username": "nora", "password": PASSWORD, **credentials}, JSON)


def refresh(token: str) -> Any:
    return Client().post(REFRESH, {"refresh": token}, JSON)


def me(token: str) -> Any:
    return Client().get(ME, headers={"authorization": f"Bearer {token}"})


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def header_of(token: str) -> dict[str, Any]:
    return jwt.get_unverified_header(token)


def signed(claims: dict[str, Any], key: Any = None, **header: Any) -> str:
    """Return a token as we make them, but for the ``header`` fields given; ``None`` leaves out."""
    fields = {"kid": next(iter(keys())), "typ": "at+jwt", **header}
    named = {name: value for name, value in fields.items() if value is not None}
    if "typ" not in named:
        return untyped(claims, named)
    return jwt.encode(claims, key or project.JWT_PRIVATE_KEY, "RS256", headers=named)


def untyped(claims: dict[str, Any], header: dict[str, Any]) -> str:
    text = f"{part({'alg': 'RS256', **header})}.{part(claims)}"
    key = load_pem_private_key(project.JWT_PRIVATE_KEY.encode(), None)
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_name_and_password_get_two_tokens(user: User) -> None:
    answer = log_in()
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    claims = claims_of(answer.json()["access"])
    assert (claims["iss"], claims["aud"]) == ("opsmanager", "opsmanager")
    assert claims["sub"] == str(user.pk)
    assert claims["exp"] - claims["iat"] == pytest.approx(600, abs=1)


def test_the_token_says_who_i_am_and_what_i_may_do(user: User) -> None:
    answer = me(log_in().json()["access"])
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(user.pk),
        "username": "nora",
        "role": "NOC",
        "permissions": sorted(user.get_all_permissions()),
        "apiToken": None,
    }


def test_somebody_without_a_role_is_told_so() -> None:
    user_with(None, name="nora")
    found = me(log_in().json()["access"]).json()
    assert (found["role"], found["permissions"]) == (None, [])


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"username": "nobody"}, {"username": "NORA"}]
)
def test_a_wrong_login_is_401_and_does_not_say_what_was_wrong(user: User, wrong: dict) -> None:
    answer = log_in(**wrong)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "Unauthenticated",
        "message": "The user name or password is wrong, or the account is switched off.",
        "code": "AUTHENTICATION_FAILED",
        "details": {},
    }
    assert "Bearer" in answer["WWW-Authenticate"]


def test_a_user_who_was_switched_off_gets_no_token() -> None:
    user_with("NOC", name="nora", is_active=False)
    assert log_in().status_code == 401


def test_a_login_without_a_password_says_what_is_missing(user: User) -> None:
    answer = Client().post(TOKEN, {"username": "nora"}, JSON)
    assert answer.status_code == 400
    assert answer.json()["code"] == "VALIDATION"
    assert list(answer.json()["details"]) == ["password"]


def test_a_token_is_only_good_for_what_it_is_for(user: User) -> None:
    tokens = log_in().json()
    assert me(tokens["refresh"]).status_code == 401
    assert refresh(tokens["access"]).status_code == 401


def test_the_published_key_checks_our_tokens(user: User) -> None:
    answer = Client().get("/.well-known/jwks.json")
    assert answer.status_code == 200
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert set(key) == {"kty", "alg", "use", "kid", "n", "e"}
    token = log_in().json()["access"]
    claims = jwt.decode(token, jwt.PyJWK(key).key, ["RS256"], audience="opsmanager")
    assert claims["sub"] == str(user.pk)
    assert header_of(token) == {"alg": "RS256", "typ": "at+jwt", "kid": key["kid"]}


def test_the_key_is_named_by_its_thumbprint() -> None:
    (key,) = key_set()
    text = json.dumps({name: key[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    assert key["kid"] == base64.urlsafe_b64encode(
        hashlib.sha256(text.encode()).digest()
    ).decode().rstrip("=")


def test_an_untouched_token_of_our_own_making_passes(user: User) -> None:
    """The forgeries below differ from this one in one thing each."""
    assert me(signed(claims_of(log_in().json()["access"]))).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "elsewhere"},
        {"aud": ["elsewhere"]},
        {"iss": "elsewhere"},
        {"exp": 1},
        {"exp": "never"},
        {"nbf": 2**33},
        {"iat": 2**33},
        {"sub": 7},
        {"sub": str(UUID(int=7))},
        {"sid": str(UUID(int=7))},
    ],
)
def test_a_token_for_another_place_or_time_is_refused(user: User, changed: dict) -> None:
    claims = claims_of(log_in().json()["access"])
    answer = me(signed({**claims, **changed}))
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "message", "code", "details"}


@pytest.mark.parametrize("missing", ["exp", "nbf", "iat", "aud", "iss", "sub", "sid", "jti"])
def test_a_token_that_leaves_something_out_is_refused(user: User, missing: str) -> None:
    claims = claims_of(log_in().json()["access"])
    del claims[missing]
    assert me(signed(claims)).status_code == 401


def test_a_token_for_somebody_else_by_changing_its_text_is_refused(user: User) -> None:
    admin = user_with("ADMIN")
    header, _, signature = log_in().json()["access"].split(".")
    claims = claims_of(log_in().json()["access"]) | {"user_id": str(admin.pk)}
    assert me(f"{header}.{part(claims)}.{signature}").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "rt+jwt"},
        {"typ": "JWT"},
        {"typ": None},
        {"kid": None},
        {"kid": ""},
        {"kid": "unknown"},
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1 --"},
    ],
)
def test_a_token_that_names_no_purpose_or_no_key_of_ours_is_refused(
    user: User, header: dict[str, Any]
) -> None:
    assert me(signed(claims_of(log_in().json()["access"]), **header)).status_code == 401


@pytest.mark.parametrize("kid", [7, ["a"], {"a": 1}, True])
def test_a_key_name_that_is_no_text_is_refused(user: User, kid: Any) -> None:
    claims = claims_of(log_in().json()["access"])
    assert me(untyped(claims, {"typ": "at+jwt", "kid": kid})).status_code == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
def test_a_token_without_a_signature_is_refused(user: User, algorithm: str) -> None:
    claims = claims_of(log_in().json()["access"])
    header = {"alg": algorithm, "typ": "at+jwt", "kid": next(iter(keys()))}
    unsigned = f"{part(header)}.{part(claims)}."
    assert me(unsigned).status_code == 401


def test_a_token_signed_with_the_public_key_as_if_it_were_a_password_is_refused(
    user: User,
) -> None:
    claims = claims_of(log_in().json()["access"])
    header = {"alg": "HS256", "typ": "at+jwt", "kid": next(iter(keys()))}
    text = f"{part(header)}.{part(claims)}"
    for secret in (project.JWT_PUBLIC_KEY, project.SECRET_KEY):
        digest = hmac.digest(secret.encode(), text.encode(), "sha256")
        signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert me(f"{text}.{signature}").status_code == 401


def test_a_token_of_another_key_is_refused_also_when_it_brings_its_key_along(user: User) -> None:
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = claims_of(log_in().json()["access"])
    assert me(signed(claims, foreign)).status_code == 401
    brought = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(foreign.public_key()))
    for header in (
        {"jwk": brought},
        {"jwk": brought, "kid": None},
        {"jku": "https://evil.example/jwks.json", "kid": "theirs"},
        {"x5u": "https://evil.example/cert.pem"},
        {"x5c": ["bm8="]},
    ):
        assert me(signed(claims, foreign, **header)).status_code == 401


def test_a_token_of_a_weaker_or_another_algorithm_of_our_key_is_refused(user: User) -> None:
    claims = claims_of(log_in().json()["access"])
    for algorithm in ("RS384", "RS512", "PS256"):
        header = {"kid": next(iter(keys())), "typ": "at+jwt"}
        token = jwt.encode(claims, project.JWT_PRIVATE_KEY, algorithm, headers=header)
        assert me(token).status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x", "Bearer a b", "Bearer a.b.c", "Bearer \u00e9", "Basic x"]
)
def test_nonsense_is_refused(header: str) -> None:
    answer = Client().get(ME, headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.json()["error"] == "Unauthenticated"


def test_no_token_at_all_is_refused_and_told_what_is_wanted() -> None:
    answer = Client().get(ME)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json()["code"] == "NOT_AUTHENTICATED"


@pytest.fixture
def keyless(settings) -> None:
    settings.JWT_PUBLIC_KEY = ""


@pytest.mark.usefixtures("keyless")
def test_a_process_without_a_signing_key_says_so(user: User) -> None:
    answer = log_in()
    assert answer.status_code == 503
    assert answer.json()["message"] == (
        "Tokens can't be issued here: set OPSMANAGER_JWT_PRIVATE_KEY."
    )
    assert Client().get("/.well-known/jwks.json").status_code == 503


def test_the_session_of_a_browser_works_too_but_not_without_csrf(user: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    assert browser.get(ME).json()["username"] == "nora"
    answer = browser.post("/api/v1/servers", {}, JSON)
    assert answer.status_code == 403
    assert answer.json()["message"].startswith("CSRF Failed")


def test_a_token_needs_no_csrf(user: User) -> None:
    token = log_in().json()["access"]
    answer = Client(enforce_csrf_checks=True).post(
        "/api/v1/servers", {}, JSON, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "NOT_PERMITTED"
    assert "administrators" in answer.json()["message"]


def test_an_expiry_is_checked_to_a_few_seconds(user: User) -> None:
    claims = claims_of(log_in().json()["access"])
    claims["exp"] = int((datetime.now(UTC) - timedelta(seconds=3)).timestamp())
    assert me(signed(claims)).status_code == 401


def test_one_that_was_good_before_is_refused_once_its_time_is_over(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = log_in().json()["access"]
    assert me(token).status_code == 200
    assert me(token).status_code == 200

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(minutes=11)

    monkeypatch.setattr("opsmanager.accounts.jwt.time.time", lambda: Later.now(UTC).timestamp())
    monkeypatch.setattr("jwt.api_jwt.datetime", Later)
    assert me(token).status_code == 401


def test_one_that_was_good_before_is_refused_where_another_key_counts(user: User, settings) -> None:
    token = log_in().json()["access"]
    assert me(token).status_code == 200
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    settings.JWT_PUBLIC_KEY = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    settings.JWT_PREVIOUS_KEYS = []
    assert me(token).status_code == 401


def test_no_more_than_so_many_tokens_are_remembered(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsmanager.accounts.jwt._MOST_CHECKED", 3)
    claims = claims_of(log_in().json()["access"])
    for number in range(8):
        assert me(signed({**claims, "jti": str(UUID(int=number))})).status_code == 200
        assert len(_CHECKED) <= 3
    assert me(signed({**claims, "jti": str(UUID(int=7))})).status_code == 200
