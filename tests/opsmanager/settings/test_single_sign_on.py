import pytest

from opsmanager.settings.env import SettingInvalid
from opsmanager.settings.single_sign_on import issuer_of, roles_of
from tests.opsmanager.settings.test_start import settings_of, start

ISSUER = "https://login.example/realms/ops"
SECRET = "a-secret-of-the-client"
WHOLE = {
    "OPSMANAGER_OIDC_ISSUER": ISSUER,
    "OPSMANAGER_OIDC_CLIENT_ID": "opsmanager",
    "OPSMANAGER_OIDC_CLIENT_SECRET": SECRET,
    "OPSMANAGER_OIDC_ROLES": "noc-team=NOC, ops-admins=ADMIN",
}


@pytest.mark.parametrize("issuer", ["", ISSUER, f"{ISSUER}/", "http://127.0.0.1:8080/x"])
def test_an_issuer_stays_as_it_is_spelled(issuer: str) -> None:
    assert issuer_of(issuer) == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "login.example",
        "http://login.example",
        "https://",
        "https://u:p@login.example",
        "https://login.example/?x=1",
        "https://login.example/#x",
        "https://[login",
        "ftp://login.example",
    ],
)
def test_an_issuer_that_is_none_or_can_be_overheard_is_refused(issuer: str) -> None:
    with pytest.raises(SettingInvalid, match="OPSMANAGER_OIDC_ISSUER must look like https"):
        issuer_of(issuer)


def test_a_group_gives_one_role_or_several() -> None:
    assert roles_of("noc-team=NOC, a=b=ADMIN ,noc-team=HELPDESK,") == {
        "noc-team": ("NOC", "HELPDESK"),
        "a=b": ("ADMIN",),
    }


@pytest.mark.parametrize("pair", ["noc-team", "=NOC", "noc-team=", "noc-team=noc", "noc=ROOT"])
def test_what_is_no_role_of_ours_is_named(pair: str) -> None:
    with pytest.raises(SettingInvalid) as caught:
        roles_of(f"x=NOC,{pair}")
    assert repr(pair) in str(caught.value)
    assert "SUPER_ADMIN" in str(caught.value)


def test_all_of_it_is_read() -> None:
    names = ("OIDC_ISSUER", "OIDC_ROLES", "OIDC_SCOPES", "OIDC_PASSWORD_LOGIN", "OIDC_NAME")
    assert settings_of(*names, **WHOLE) == [
        ISSUER,
        "{'noc-team': ('NOC',), 'ops-admins': ('ADMIN',)}",
        "['openid', 'profile', 'email', 'groups']",
        "True",
        "single sign-on",
    ]


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"OPSMANAGER_OIDC_ISSUER"}))
def test_with_an_issuer_the_rest_is_needed(name: str) -> None:
    ended = start("manage.py", "check", **{**WHOLE, name: None})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{name} is not set, and OPSMANAGER_OIDC_ISSUER is")
    assert SECRET not in ended.stderr
