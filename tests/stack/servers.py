"""Servers that are entered over the API, as a person's script would."""

from typing import Any

from servers.ssh.testing import Sshd
from tests.stack.client import Api
from tests.support.unique import unique


def reached(sshd: Sshd) -> dict[str, Any]:
    """Return what :func:`add_server` is to be told of a server that a test has started."""
    target = sshd.target()
    return {
        "hostname": target.hostname,
        "port": target.port,
        "username": target.username,
        "private_key": sshd.private_key,
    }


def add_server(
    admin: Api,
    name: str,
    *,
    hostname: str,
    port: int,
    username: str,
    private_key: str,
    accepted: bool = True,
    environment: str = "STAGING",
    approvals: int = 0,
) -> dict[str, Any]:
    """Add a server with a credential, accept its host key, and return it."""
    name = unique(name)
    credential = {
        "name": name,
        "username": username,
        "authType": "PRIVATE_KEY",
        "privateKey": private_key,
    }
    made = admin.post("servers/credentials", credential).expect(201)["credential"]
    fields = {
        "name": name,
        "hostname": hostname,
        "port": port,
        "environment": environment,
        "approvals": approvals,
        "credentialId": made["id"],
    }
    server: dict[str, Any] = admin.post("servers", fields).expect(201)["server"]
    if accepted:
        accept_host_key(admin, server)
    return server


def accept_host_key(admin: Api, server: dict[str, Any]) -> None:
    """Look at the key that the server offers, and accept it."""
    path = f"servers/{server['id']}/host-key"
    offered = admin.get(path).expect(200)["hostKey"]["offered"]
    accepted = admin.post(path, {"fingerprint": offered["fingerprint"]}).expect(200)
    assert accepted["hostKey"]["status"] == "ACCEPTED"
