import copy
import pickle

import pytest

from servers.models import HostKeyState
from servers.ssh.errors import CredentialInvalid
from servers.ssh.testing import generate_key
from servers.targets import target_of
from tests.support import servers
from tests.support.servers import SECRET

pytestmark = pytest.mark.django_db


def test_a_server_with_a_password_becomes_a_place_to_log_in_to() -> None:
    row = servers.server("web1", port=2222, credential=servers.password_credential())
    target = target_of(row)
    assert (target.name, target.address) == ("web1", "web1.example:2222")
    assert (target.username, target.password) == ("root", SECRET)
    assert (target.private_key, target.passphrase) == (None, None)
    assert target.recorded
    assert target.host_keys == ()


def test_a_server_with_a_key_becomes_one_without_a_password() -> None:
    key = generate_key().private_key
    credential = servers.key_credential(key, passphrase="open sesame")
    target = target_of(servers.server(credential=credential, keeps_records=False))
    assert (target.username, target.password) == ("ops", None)
    assert target.private_key == key
    assert target.passphrase == "open sesame"
    assert not target.recorded


def test_a_key_without_a_passphrase_has_none() -> None:
    credential = servers.key_credential(generate_key().private_key)
    assert target_of(servers.server(credential=credential)).passphrase is None


def test_only_the_accepted_host_key_counts() -> None:
    row = servers.server(credential=servers.password_credential())
    pairs = {state: generate_key() for state in HostKeyState}
    for state, pair in pairs.items():
        servers.host_key(row, pair, state)
    (key,) = target_of(row).host_keys
    assert key.blob_base64 == pairs[HostKeyState.ACCEPTED].public_key
    assert key.type == "ssh-ed25519"


def test_a_target_with_its_opened_secrets_can_neither_be_pickled_nor_copied() -> None:
    target = target_of(servers.server("web1", credential=servers.password_credential()))
    for keep in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"login to web1 .* can't be pickled") as refusal:
            keep(target)
        assert SECRET not in str(refusal.value)


def test_no_secret_is_in_a_targets_repr() -> None:
    credential = servers.key_credential(generate_key().private_key, passphrase="open sesame")
    for login in (credential, servers.password_credential()):
        shown = repr(target_of(servers.server(f"web-{login.username}", credential=login)))
        assert SECRET not in shown
        assert "PRIVATE KEY" not in shown
        assert "open sesame" not in shown


def test_a_server_without_a_credential_says_what_to_do() -> None:
    with pytest.raises(CredentialInvalid, match=r"web1 has no credential\. Choose one"):
        target_of(servers.server("web1"))


def test_a_credential_that_can_not_be_opened_is_said_by_name(settings) -> None:
    row = servers.server("web1", credential=servers.password_credential("root@web"))
    settings.CREDENTIAL_PRIVATE_KEYS = []
    with pytest.raises(CredentialInvalid) as refusal:
        target_of(row)
    assert str(refusal.value).startswith("The credential root@web of web1 can't be used: ")
    assert "Only workers can open secrets" in str(refusal.value)


def test_a_sealed_secret_copied_to_another_credential_does_not_open() -> None:
    stolen = servers.password_credential("root@database")
    thief = servers.password_credential("root@web", password="own")
    thief.sealed_password = stolen.sealed_password
    thief.save()
    with pytest.raises(CredentialInvalid, match="was sealed for another place"):
        target_of(servers.server(credential=thief))
