"""Starts the provider, and is the browser of somebody who signs in there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from opsmanager.embedded import port as ports
from tests.support.waiting import eventually

PROJECT = Path(__file__).parents[3]


@dataclass(kw_only=True)
class Provider:
    """A running provider, and OpsManager as it knows it."""

    issuer: str
    process: subprocess.Popen[bytes]
    client_id: str = ""
    client_secret: str = ""

    def register(self, redirect_uri: str) -> None:
        """Make OpsManager known, to which it then sends people back at this address alone."""
        answer = requests.post(
            f"{self.issuer}/oauth2/clients", json={"redirect_uris": [redirect_uri]}, timeout=30
        ).json()
        self.client_id, self.client_secret = answer["client_id"], answer["client_secret"]

    def person(self, subject: str, *groups: str, **claims: Any) -> None:
        """Have somebody there, or change what is said of them."""
        said = {"preferred_username": subject, "groups": list(groups), **claims}
        requests.put(f"{self.issuer}/users/{subject}", json=said, timeout=30).raise_for_status()

    def faults(self, **faults: Any) -> None:
        """Have the next ID token be wrong in this."""
        requests.put(f"{self.issuer}/faults", json=faults, timeout=30).raise_for_status()

    def sign_in(self, url: str, subject: str = "", **form: str) -> str:
        """Send the provider's form as somebody, and return where it sends the browser."""
        form = {"sub": subject} if subject else form
        answer = requests.post(url, data=form, allow_redirects=False, timeout=30)
        return answer.headers["Location"]


@contextmanager
def provider() -> Iterator[Provider]:
    """Start a provider; end it."""
    port = ports.free()
    command = [sys.executable, "-m", "tests.support.oidc", str(port)]
    environ = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1", "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            found = Provider(issuer=f"http://127.0.0.1:{port}", process=process)
            eventually(lambda: _answers(found.issuer))
            yield found
        finally:
            process.kill()


def _answers(issuer: str) -> bool:
    try:
        return requests.get(f"{issuer}/jwks", timeout=5).ok
    except requests.ConnectionError:
        return False
