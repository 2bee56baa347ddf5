"""Keys change while nobody is logged out."""

import os
from io import StringIO
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from opsmanager.accounts.jwt import keys
from opsmanager.accounts.models import User
from opsmanager.settings import env
from tests.support.users import PASSWORD, user_with

pytestmark = pytest.mark.django_db

TOKEN, REFRESH, ME = "/api/v1/auth/token", "/api/v1/auth/token/refresh", "/api/v1/auth/me"
JSON = "application/json"
SIGNING, PREVIOUS = "OPSMANAGER_JWT_PRIVATE_KEY", "OPSMANAGER_JWT_PREVIOUS_KEYS"


class Web:
    """A web process whose keys are files, and which reads them when it is started."""

    def __init__(self, folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = settings
        self.signing, self.previous = folder / "signing.pem", folder / "previous.pem"
        self.signing.write_text(settings.JWT_PRIVATE_KEY)
        self.previous.touch()
        monkeypatch.setenv(f"{SIGNING}_FILE", str(self.signing))
        monkeypatch.setenv(f"{PREVIOUS}_FILE", str(self.previous))

    def restart(self) -> None:
        private, public = env.rsa_key(SIGNING)
        self.settings.JWT_PRIVATE_KEY, self.settings.JWT_PUBLIC_KEY = private, public
        self.settings.JWT_PREVIOUS_KEYS = env.rsa_public_keys(PREVIOUS)


@pytest.fixture
def web(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Web:
    return Web(tmp_path, settings, monkeypatch)


@pytest.fixture(autouse=True)
def user() -> User:
    return user_with("NOC", name="nora")


def log_in() -> dict[str, str]:
    data = {"username": "nora", "password": PASSWORD}
    found: dict[str, str] = Client().post(TOKEN, data, JSON).json()
    return found


def me(token: str) -> int:
    return Client().get(ME, headers={"authorization": f"Bearer {token}"}).status_code


def kid_of(token: str) -> str:
    kid: str = jwt.get_unverified_header(token)["kid"]
    return kid


def published() -> list[str]:
    return [key["kid"] for key in Client().get("/.well-known/jwks.json").json()["keys"]]


def rotate() -> str:
    out = StringIO()
    call_command("rotate_token_key", stdout=out)
    return out.getvalue()


def test_a_new_key_signs_and_the_old_one_still_checks(web: Web) -> None:
    old = log_in()
    rotate()
    web.restart()
    new = log_in()
    assert kid_of(new["access"]) != kid_of(old["access"])
    assert me(old["access"]) == me(new["access"]) == 200
    assert published() == [kid_of(new["access"]), kid_of(old["access"])]
    renewed = Client().post(REFRESH, {"refresh": old["refresh"]}, JSON).json()
    assert kid_of(renewed["access"]) == kid_of(new["access"])
    assert me(renewed["access"]) == 200


def test_a_key_that_is_taken_out_checks_nothing_any_more(web: Web) -> None:
    old = log_in()
    rotate()
    web.previous.write_text("")
    web.restart()
    assert me(old["access"]) == 401
    assert kid_of(old["access"]) not in published()


def test_a_key_can_be_published_before_it_signs(web: Web) -> None:
    """So that several web processes can be restarted one after the other."""
    old = log_in()
    rotate()
    new_key = web.signing.read_text()
    web.signing.write_text(web.settings.JWT_PRIVATE_KEY)
    web.previous.write_text(new_key)
    web.restart()
    assert kid_of(log_in()["access"]) == kid_of(old["access"])
    assert len(published()) == 2


def test_only_so_many_old_keys_are_kept(web: Web) -> None:
    first = next(iter(keys()))
    for _ in range(4):
        rotate()
        web.restart()
    assert len(keys()) == 4
    assert first not in keys()


def test_the_command_shows_no_key_and_writes_files_for_their_owner_alone(web: Web) -> None:
    said = rotate()
    assert "Restart web" in said
    assert "PRIVATE" not in said
    assert "PRIVATE" not in web.previous.read_text()
    for file in (web.signing, web.previous):
        assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(web.signing.parent.iterdir()) == [web.previous, web.signing]


def test_the_command_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SIGNING, PREVIOUS):
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    with pytest.raises(CommandError, match=f"{SIGNING}_FILE and {PREVIOUS}_FILE"):
        rotate()


def test_a_file_that_can_not_be_written_is_said(web: Web, monkeypatch: Any) -> None:
    monkeypatch.setenv(f"{PREVIOUS}_FILE", os.devnull + "/previous.pem")
    before = web.signing.read_text()
    with pytest.raises(CommandError, match="can't be written"):
        rotate()
    assert web.signing.read_text() == before
