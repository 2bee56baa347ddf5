import json

import pytest
from django.core import serializers

from opsmanager.audit.models import AuditEvent
from opsmanager.common import vault
from opsmanager.common.problems import Conflict, Invalid, Unavailable
from servers.models import AuthType, Credential
from servers.services import credentials
from servers.ssh.testing import generate_key
from tests.support import servers
from tests.support.servers import SECRET
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return user_with("ADMIN", name="ann")


def opened(row: Credential, field: str) -> str:
    return vault.open_sealed(getattr(row, f"sealed_{field}"), row=str(row.pk), field=field)


def test_a_password_is_sealed_for_its_own_row(admin) -> None:
    row = credentials.save(
        actor=admin, name="root@web", username="root", auth_type="PASSWORD", password=SECRET
    )
    row.refresh_from_db()
    assert opened(row, "password") == SECRET
    assert (row.sealed_private_key, row.sealed_passphrase) == ("", "")


def test_no_secret_is_in_the_row_its_repr_or_the_trail(admin) -> None:
    pair = generate_key()
    row = credentials.save(
        actor=admin,
        name="ops@web",
        username="ops",
        auth_type="PRIVATE_KEY",
        password=SECRET,
        private_key=pair.private_key,
        passphrase="open sesame",
    )
    dumped = serializers.serialize("json", [*Credential.objects.all(), *AuditEvent.objects.all()])
    kept = dumped + repr(row) + str(row)
    assert SECRET not in kept
    assert json.dumps(SECRET)[1:-1] not in kept
    assert "open sesame" not in kept
    assert pair.private_key.splitlines()[2] not in kept


def test_making_and_changing_are_told_with_which_secrets_were_given(admin) -> None:
    row = credentials.save(
        actor=admin, name="root@web", username="root", auth_type="PASSWORD", password=SECRET
    )
    credentials.save(
        actor=admin, credential=row, name="root@web", username="toor", auth_type="PASSWORD"
    )
    made, changed = AuditEvent.objects.order_by("seq")
    assert (made.verb, made.actor_name, made.target_name) == (
        "CREDENTIAL_CREATED",
        "ann",
        "root@web",
    )
    assert made.details == {
        "username": "root",
        "authType": "PASSWORD",
        "secretsGiven": ["password"],
    }
    assert (changed.verb, changed.details["secretsGiven"]) == ("CREDENTIAL_UPDATED", [])


def test_an_empty_secret_leaves_the_stored_one(admin) -> None:
    row = servers.password_credential()
    before = row.sealed_password
    credentials.save(
        actor=admin, credential=row, name="new name", username="root", auth_type="PASSWORD"
    )
    row.refresh_from_db()
    assert (row.name, row.sealed_password) == ("new name", before)


def test_a_new_secret_replaces_the_stored_one(admin) -> None:
    row = servers.password_credential()
    credentials.save(
        actor=admin,
        credential=row,
        name=row.name,
        username="root",
        auth_type="PASSWORD",
        password="another",
    )
    assert opened(row, "password") == "another"


@pytest.mark.parametrize("change", [str.strip, lambda key: "\n\n " + key, lambda key: key + "\n\n"])
def test_a_pasted_key_gets_the_newline_that_it_lacks(admin, change) -> None:
    key = generate_key().private_key
    row = servers.key_credential(change(key))
    assert opened(row, "private_key") == key.strip() + "\n"


@pytest.mark.parametrize(
    ("auth_type", "field", "given"),
    [
        (AuthType.PASSWORD, "password", {}),
        (AuthType.PASSWORD, "password", {"private_key": "x"}),
        (AuthType.PRIVATE_KEY, "privateKey", {}),
        (AuthType.PRIVATE_KEY, "privateKey", {"password": "x", "private_key": " \n"}),
    ],
)
def test_a_credential_without_its_kinds_secret_is_refused(
    admin, auth_type: str, field: str, given: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        credentials.save(
            actor=admin, name="root@web", username="root", auth_type=auth_type, **given
        )
    assert list(refusal.value.details) == [field]
    assert not Credential.objects.exists()
    assert not AuditEvent.objects.exists()


def test_without_a_public_key_nothing_is_kept(admin, settings) -> None:
    settings.CREDENTIAL_PUBLIC_KEY = ""
    with pytest.raises(Unavailable):
        servers.password_credential()
    assert not Credential.objects.exists()


def test_a_credential_that_no_server_uses_can_be_deleted(admin) -> None:
    row = servers.password_credential()
    credentials.delete(actor=admin, credential=row)
    assert not Credential.objects.exists()
    event = AuditEvent.objects.get(verb="CREDENTIAL_DELETED")
    assert (event.actor_name, event.target_name) == ("ann", "root@web")


def test_a_used_credential_says_who_uses_it(admin) -> None:
    row = servers.password_credential()
    servers.server("web1", credential=row)
    servers.server("web2", credential=row)
    with pytest.raises(Conflict) as refusal:
        credentials.delete(actor=admin, credential=row)
    assert refusal.value.message == ("root@web is used by web1, web2. Give them another one first.")
    assert Credential.objects.exists()
    assert not AuditEvent.objects.filter(verb="CREDENTIAL_DELETED").exists()
