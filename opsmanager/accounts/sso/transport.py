"""Calls to the provider: to no other address than its own, certificates checked, none for ever.

The operator names the provider, so it may have an inner address, unlike what runbooks call. Nothing
is followed elsewhere, and neither proxies nor passwords come from the environment.
"""

import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session

from opsmanager.accounts.sso.errors import ProviderAway

SECONDS: Final = (5, 10)
"""To connect, and between two parts of an answer."""


def session(**settings: Any) -> OAuth2Session:
    """Return a client that trusts what this machine trusts; ``settings`` are Authlib's."""
    client = OAuth2Session(default_timeout=SECONDS, **settings)
    client.trust_env = False
    paths = ssl.get_default_verify_paths()
    client.verify = paths.cafile or paths.capath or True
    return client


def document(client: OAuth2Session, url: str, *, bearer: bool = False) -> dict[str, Any]:
    """Return the JSON object at an address. Raises :class:`ProviderAway`."""
    try:
        answer = client.request("GET", url, withhold_token=not bearer, allow_redirects=False)
        found = answer.json() if answer.status_code == requests.codes.ok else None
    except requests.RequestException as problem:
        raise ProviderAway(f"{place(url)}: {type(problem).__name__}.") from None
    if not isinstance(found, dict):
        raise ProviderAway(f"{place(url)}: no JSON object, status {answer.status_code}.")
    return found


def place(url: str) -> str:
    """Return an address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
