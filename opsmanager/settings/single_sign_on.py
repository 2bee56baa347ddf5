"""Logins by an OpenID Connect provider: which one, and which of its groups has which role."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from opsmanager.accounts.roles import ROLES
from opsmanager.settings import env
from opsmanager.settings.env import SettingInvalid

_EXAMPLE: Final = "https://login.example.com/realms/ops"
_ROLE_NAMES: Final = tuple(role.name for role in ROLES)


def issuer_of(value: str) -> str:
    """Return the issuer as the provider spells it, a slash at its end included; may be empty.

    Raises :class:`SettingInvalid` for what is no address, or would be read by whoever listens.
    """
    if not value:
        return ""
    wrong = SettingInvalid(
        f"OPSMANAGER_OIDC_ISSUER must look like {_EXAMPLE}, without ? and #. Without https:// only "
        "a provider on this machine can be asked."
    )
    try:
        url = urlsplit(value)
        host, _port = url.hostname, url.port
    except ValueError:
        raise wrong from None
    is_address = bool(host) and not (url.query or url.fragment or url.username or url.password)
    is_safe = url.scheme == "https" or (url.scheme == "http" and _is_this_machine(host or ""))
    if not is_address or not is_safe:
        raise wrong
    return value


def roles_of(value: str) -> dict[str, tuple[str, ...]]:
    """Return the roles that each group gives: ``noc-team=NOC, ops-admins=ADMIN``.

    A group may stand there several times, and hold ``=`` in its name. Raises
    :class:`SettingInvalid` for what is no role of ours.
    """
    found: dict[str, tuple[str, ...]] = {}
    for pair in value.split(","):
        if not pair.strip():
            continue
        group, equals, role = (part.strip() for part in pair.rpartition("="))
        if not group or not equals or role not in _ROLE_NAMES:
            raise SettingInvalid(
                f"OPSMANAGER_OIDC_ROLES can't be read at {pair.strip()!r}. It is a list such as "
                f"noc-team=NOC,ops-admins=ADMIN; the roles are {', '.join(_ROLE_NAMES)}."
            )
        found[group] = tuple(dict.fromkeys((*found.get(group, ()), role)))
    return found


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _needed(name: str, value: str) -> str:
    if OIDC_ISSUER and not value:
        raise SettingInvalid(
            f"{name} is not set, and OPSMANAGER_OIDC_ISSUER is: single sign-on needs both. Set it, "
            f"or name a file that holds it in {name}_FILE."
        )
    return value


# Empty, there is no single sign-on.
OIDC_ISSUER = issuer_of(env.text("OPSMANAGER_OIDC_ISSUER", ""))
OIDC_CLIENT_ID = _needed("OPSMANAGER_OIDC_CLIENT_ID", env.text("OPSMANAGER_OIDC_CLIENT_ID", ""))
OIDC_CLIENT_SECRET = _needed(
    "OPSMANAGER_OIDC_CLIENT_SECRET", env.text("OPSMANAGER_OIDC_CLIENT_SECRET", "")
)
OIDC_SCOPES = env.text("OPSMANAGER_OIDC_SCOPES", "openid profile email groups").split()
if "openid" not in OIDC_SCOPES:
    raise SettingInvalid("OPSMANAGER_OIDC_SCOPES must hold openid, such as: openid profile email.")
OIDC_GROUPS_CLAIM = env.text("OPSMANAGER_OIDC_GROUPS_CLAIM", "groups")
OIDC_ROLES = roles_of(
    _needed("OPSMANAGER_OIDC_ROLES", env.text("OPSMANAGER_OIDC_ROLES", "")) if OIDC_ISSUER else ""
)
# What the button of the login page calls it.
OIDC_NAME = env.text("OPSMANAGER_OIDC_NAME", "single sign-on")
# Whether others than SUPER_ADMINs may use a password where there is single sign-on.
OIDC_PASSWORD_LOGIN = env.flag("OPSMANAGER_OIDC_PASSWORD_LOGIN", default=True)
