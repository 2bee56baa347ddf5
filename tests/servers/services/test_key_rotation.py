import base64

import pytest
from django.core.management import CommandError, call_command
from nacl.public import PrivateKey

from opsmanager.audit.models import AuditEvent
from opsmanager.common import vault
from opsmanager.common.problems import Unavailable
from opsmanager.settings import env
from servers.models import Credential
from servers.services.key_rotation import rotate
from servers.ssh.testing import generate_key
from servers.targets import target_of
from tests.support import servers
from tests.support.servers import SECRET

pytestmark = pytest.mark.django_db


def text(key: PrivateKey) -> str:
    return base64.b64encode(bytes(key)).decode()


@pytest.fixture
def old(settings) -> str:
    """The private key of today, which becomes the old one."""
    (key,) = settings.CREDENTIAL_PRIVATE_KEYS
    return str(key)


@pytest.fixture
def new_key(settings, old: str) -> str:
    """A new pair, set as the documentation says: the private half first, then the public one."""
    fresh = PrivateKey.generate()
    settings.CREDENTIAL_PRIVATE_KEYS = [text(fresh), old]
    settings.CREDENTIAL_PUBLIC_KEY = base64.b64encode(bytes(fresh.public_key)).decode()
    return text(fresh)


@pytest.fixture
def sealed_before() -> list[Credential]:
    """Two credentials, one with three sealed texts, sealed before the keys were changed."""
    both = servers.key_credential(generate_key().private_key, passphrase="open sesame")
    both.sealed_password = vault.seal("third", row=str(both.pk), field="password")
    both.save()
    return [servers.password_credential(), both]


def test_everything_opens_with_the_new_key_alone(sealed_before, new_key: str, settings) -> None:
    done = rotate(actor="COMMAND:test")
    assert (done.resealed, done.current, done.unreadable) == (2, 0, [])
    assert len(done.keys) == 1
    settings.CREDENTIAL_PRIVATE_KEYS = [new_key]
    password = Credential.objects.get(auth_type="PASSWORD")
    both = Credential.objects.get(auth_type="PRIVATE_KEY")
    assert target_of(servers.server(credential=password)).password == SECRET
    assert target_of(servers.server("second", credential=both)).passphrase == "open sesame"
    assert vault.open_sealed(both.sealed_password, row=str(both.pk), field="password") == "third"


def test_a_second_time_there_is_nothing_to_do(sealed_before, new_key: str) -> None:
    rotate(actor="COMMAND:test")
    kept = [row.sealed_texts() for row in Credential.objects.order_by("pk")]
    done = rotate(actor="COMMAND:test")
    assert (done.resealed, done.current) == (0, 2)
    assert [row.sealed_texts() for row in Credential.objects.order_by("pk")] == kept


def test_a_rehearsal_counts_and_changes_nothing(sealed_before, new_key: str) -> None:
    kept = [row.sealed_texts() for row in Credential.objects.order_by("pk")]
    done = rotate(actor="COMMAND:test", is_rehearsal=True)
    assert done.resealed == 2
    assert [row.sealed_texts() for row in Credential.objects.order_by("pk")] == kept
    assert not AuditEvent.objects.filter(verb="CREDENTIAL_KEYS_ROTATED").exists()


def test_a_damaged_secret_is_named_and_left_and_the_others_are_sealed_anew(
    sealed_before, new_key: str
) -> None:
    damaged = sealed_before[0]
    Credential.objects.filter(pk=damaged.pk).update(sealed_password=damaged.sealed_password[:-8])
    done = rotate(actor="COMMAND:test")
    assert done.resealed == 1
    (sentence,) = done.unreadable
    assert sentence.startswith(f"The credential {damaged.name}: The secret password of")
    damaged.refresh_from_db()
    assert vault.key_of(damaged.sealed_password) in done.keys
    event = AuditEvent.objects.get(verb="CREDENTIAL_KEYS_ROTATED")
    assert (event.outcome, event.details) == ("FAILED", {"resealed": 1, "unreadable": 1})


def test_without_the_old_key_its_secrets_are_left_as_they_are(
    sealed_before, new_key: str, settings
) -> None:
    settings.CREDENTIAL_PRIVATE_KEYS = [new_key]
    done = rotate(actor="COMMAND:test")
    assert (done.resealed, len(done.unreadable)) == (0, 2)
    assert all("no private key" in sentence for sentence in done.unreadable)


def test_without_a_public_key_it_is_refused(sealed_before, settings) -> None:
    settings.CREDENTIAL_PUBLIC_KEY = ""
    with pytest.raises(Unavailable, match="OPSMANAGER_CREDENTIAL_PUBLIC_KEY"):
        rotate(actor="COMMAND:test")


def test_the_command_tells_what_it_did(sealed_before, new_key: str, capsys) -> None:
    call_command("rotate_credential_keys", "--dry-run")
    assert capsys.readouterr().out == "2 would be sealed anew, 0 were so already.\n"
    call_command("rotate_credential_keys")
    said = capsys.readouterr().out
    assert said.startswith("2 sealed anew, 0 were so already.\nThe old private keys can leave ")
    assert new_key not in said
    assert SECRET not in said


def test_the_command_fails_where_something_could_not_be_opened(
    sealed_before, new_key: str, settings, capsys
) -> None:
    settings.CREDENTIAL_PRIVATE_KEYS = [new_key]
    with pytest.raises(CommandError, match="2 could not be opened and were left as they are"):
        call_command("rotate_credential_keys")
    assert "has no private key" in capsys.readouterr().err


def test_the_command_says_where_to_run_it(settings) -> None:
    settings.CREDENTIAL_PRIVATE_KEYS = []
    with pytest.raises(CommandError, match="Run this where workers run"):
        call_command("rotate_credential_keys")


def test_the_command_says_that_the_public_key_is_missing(settings) -> None:
    servers.password_credential()
    settings.CREDENTIAL_PUBLIC_KEY = ""
    with pytest.raises(CommandError, match="OPSMANAGER_CREDENTIAL_PUBLIC_KEY is missing"):
        call_command("rotate_credential_keys")


def test_a_new_pair_is_made_for_its_owner_alone_and_fits_together(
    tmp_path, monkeypatch, capsys
) -> None:
    folder = tmp_path / "new"
    call_command("rotate_credential_keys", "--make-pair", str(folder))
    public, private = folder / "credential_public_key", folder / "credential_private_key"
    assert [oct(path.stat().st_mode & 0o777) for path in (public, private)] == ["0o600", "0o600"]
    assert private.read_text().strip() not in capsys.readouterr().out
    monkeypatch.setenv("PUBLIC_FILE", str(public))
    monkeypatch.setenv("PRIVATE_FILE", str(private))
    assert env.credential_keys("PUBLIC", "PRIVATE") == (
        public.read_text().strip(),
        [private.read_text().strip()],
    )


def test_an_old_pair_is_not_overwritten(tmp_path) -> None:
    call_command("rotate_credential_keys", "--make-pair", str(tmp_path))
    with pytest.raises(CommandError, match="exists already"):
        call_command("rotate_credential_keys", "--make-pair", str(tmp_path))


def test_a_folder_that_cant_be_written_is_said(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="Can't write in"):
        call_command("rotate_credential_keys", "--make-pair", str(tmp_path / "file" / "folder"))
