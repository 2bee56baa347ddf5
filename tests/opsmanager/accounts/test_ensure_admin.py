import re
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command

from opsmanager.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_password_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPSMANAGER_ADMIN_PASSWORD", raising=False)
    monkeypatch.delenv("OPSMANAGER_ADMIN_PASSWORD_FILE", raising=False)


def ensure_admin() -> str:
    out = StringIO()
    call_command("ensure_admin", stdout=out)
    return out.getvalue()


def test_the_first_start_prints_a_login_that_works() -> None:
    said = re.fullmatch(r"Login: admin, password: (\S+)\n", ensure_admin())
    assert said
    user = authenticate(username="admin", password=said[1])
    assert user is not None
    assert user.role.name == "SUPER_ADMIN"
    assert user.is_superuser
    assert user.is_staff


def test_a_given_password_is_used_and_not_printed(monkeypatch) -> None:
    monkeypatch.setenv("OPSMANAGER_ADMIN_PASSWORD", "chosen by me")
    assert ensure_admin() == "Login: admin, password: from OPSMANAGER_ADMIN_PASSWORD\n"
    assert authenticate(username="admin", password="chosen by me")


def test_an_admin_who_is_there_stays_as_they_are(monkeypatch) -> None:
    ensure_admin()
    before = User.objects.get().password
    monkeypatch.setenv("OPSMANAGER_ADMIN_PASSWORD", "another")
    assert ensure_admin() == "The user admin exists.\n"
    assert User.objects.get().password == before
