import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from opsmanager.common import vault
from servers.models import Credential
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.servers import SECRET
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

ALL = "/api/v1/servers/credentials"
JSON = "application/json"
SHOWN = {"id", "name", "username", "authType", "createdAt", "updatedAt"}


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def opened(field: str) -> str:
    row = Credential.objects.get()
    return vault.open_sealed(getattr(row, f"sealed_{field}"), row=str(row.pk), field=field)


def test_a_password_goes_in_and_never_comes_out(admin: Client) -> None:
    asked = {"name": "root@web", "username": "root", "authType": "PASSWORD", "password": SECRET}
    answer = admin.post(ALL, asked, JSON)
    assert answer.status_code == 201
    assert set(answer.json()["credential"]) == SHOWN
    assert opened("password") == SECRET
    where = f"{ALL}/{answer.json()['credential']['id']}"
    for shown in (answer, admin.get(where), admin.get(ALL)):
        text = shown.content.decode()
        assert SECRET not in text
        assert json.dumps(SECRET)[1:-1] not in text
        assert "sealed" not in text
        assert "v1:" not in text


def test_a_private_key_with_its_passphrase_goes_in(admin: Client) -> None:
    key = generate_key().private_key
    asked = {
        "name": "ops@web",
        "username": "ops",
        "authType": "PRIVATE_KEY",
        "privateKey": key,
        "passphrase": " open sesame ",
    }
    answer = admin.post(ALL, asked, JSON)
    assert answer.status_code == 201
    assert set(answer.json()["credential"]) == SHOWN
    assert (opened("private_key"), opened("passphrase")) == (key, " open sesame ")


def test_a_secret_that_is_not_given_stays(admin: Client) -> None:
    row = servers.password_credential()
    answer = admin.patch(f"{ALL}/{row.pk}", {"name": "new", "password": ""}, JSON)
    assert answer.status_code == 200
    assert answer.json()["credential"]["name"] == "new"
    assert opened("password") == SECRET
    admin.patch(f"{ALL}/{row.pk}", {"password": "another"}, JSON)
    assert opened("password") == "another"
    assert Credential.objects.get().name == "new"


def test_a_change_of_kind_wants_the_new_kinds_secret(admin: Client) -> None:
    row = servers.password_credential()
    answer = admin.patch(f"{ALL}/{row.pk}", {"authType": "PRIVATE_KEY"}, JSON)
    assert refusal(answer) == (400, "VALIDATION")
    assert list(answer.json()["details"]) == ["privateKey"]
    assert Credential.objects.get().auth_type == "PASSWORD"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"username": ""}, "username"),
        ({"authType": "TOKEN"}, "authType"),
        ({"password": ""}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"authType": "PRIVATE_KEY"}, "privateKey"),
        ({"privateKey": "x" * 16385}, "privateKey"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name_and_no_secret_repeated(
    admin: Client, changed: dict[str, str], field: str
) -> None:
    servers.password_credential("there")
    asked = {
        "name": "root@web",
        "username": "root",
        "authType": "PASSWORD",
        "password": SECRET,
        **changed,
    }
    answer = admin.post(ALL, asked, JSON)
    assert refusal(answer) == (400, "VALIDATION")
    assert list(answer.json()["details"]) == [field]
    assert "pa55" not in answer.content.decode()
    assert Credential.objects.count() == 1


def test_a_name_that_is_taken_is_a_conflict(admin: Client) -> None:
    servers.password_credential("taken")
    asked = {"name": "taken", "username": "root", "authType": "PASSWORD", "password": SECRET}
    answer = admin.post(ALL, asked, JSON)
    assert refusal(answer) == (409, "CONFLICT")
    assert answer.json()["message"] == "Another one has the same name."
    assert list(answer.json()["details"]) == ["name"]
    assert "pa55" not in answer.content.decode()


def test_without_the_public_key_it_says_that_secrets_can_not_be_kept(
    admin: Client, settings: Any
) -> None:
    settings.CREDENTIAL_PUBLIC_KEY = ""
    asked = {"name": "root@web", "username": "root", "authType": "PASSWORD", "password": SECRET}
    answer = admin.post(ALL, asked, JSON)
    assert refusal(answer) == (503, "UNAVAILABLE")
    assert "OPSMANAGER_CREDENTIAL_PUBLIC_KEY" in answer.json()["message"]


def test_an_unused_credential_is_deleted_and_a_used_one_is_a_conflict(admin: Client) -> None:
    row = servers.password_credential()
    server = servers.server("web1", credential=row)
    where = f"{ALL}/{row.pk}"
    answer = admin.delete(where)
    assert refusal(answer) == (409, "CONFLICT")
    assert "is used by web1" in answer.json()["message"]
    server.delete()
    assert admin.delete(where).status_code == 204
    assert not Credential.objects.exists()


def test_credentials_are_listed_in_pages(admin: Client) -> None:
    for name in ("b", "a"):
        servers.password_credential(name)
    found = admin.get(f"{ALL}?limit=1&page=2").json()
    assert [row["name"] for row in found["credentials"]] == ["b"]
    assert (found["total"], found["page"], found["limit"]) == (2, 2, 1)


def test_a_credential_that_is_not_there_is_404(admin: Client) -> None:
    for call in (admin.get, admin.patch, admin.delete):
        assert refusal(call(f"{ALL}/{uuid4()}")) == (404, "NOT_FOUND")


@pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK", "HR"])
def test_credentials_are_the_administrators_business(role: str) -> None:
    row = servers.password_credential()
    user = signed_in(user_with(role))
    asked = {"name": "x", "username": "x", "authType": "PASSWORD", "password": "x"}
    assert refusal(user.get(ALL)) == (403, "NOT_PERMITTED")
    for call in (user.get, user.patch, user.delete):
        assert refusal(call(f"{ALL}/{row.pk}")) == (404, "NOT_FOUND")
    assert refusal(user.post(ALL, asked, JSON)) == (403, "NOT_PERMITTED")
    assert Credential.objects.get() == row
