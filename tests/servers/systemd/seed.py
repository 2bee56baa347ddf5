"""The files that tell one machine from another: name, keys, addresses to listen on."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from typing import IO, Self
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.servers.systemd.address import HTTP_PORT, SSH_PORT, Address

HOMES = {
    "root": "root",
    "ops": "home/ops",
    "nosudo": "home/nosudo",
    "pwsudo": "home/pwsudo",
}


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """An Ed25519 key in OpenSSH's formats."""

    private: str
    public: str
    """Type and base64, separated by a space."""

    @classmethod
    def generate(cls) -> Self:
        """Make a new one."""
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        return cls(private=private.decode(), public=public.decode())


def write_seed(
    storage: IO[bytes], *, name: str, address: Address, host_key: KeyPair, login_key: KeyPair
) -> None:
    """Write the files to `storage` as a tar, to be unpacked over the root file system."""
    with tarfile.open(fileobj=storage, mode="w") as archive:

        def add(path: str, text: str, *, mode: int = 0o644, owner: str = "root") -> None:
            entry = tarfile.TarInfo(path)
            entry.mode, entry.uname, entry.gname = mode, owner, owner
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))

        add("etc/hostname", f"{name}\n")
        add("etc/machine-id", f"{uuid4().hex}\n")  # without one, systemd enables every unit
        add("etc/hosts", f"127.0.0.1 localhost\n{address} {name}\n")
        add("etc/ssh/ssh_host_ed25519_key", host_key.private, mode=0o600)
        add("etc/ssh/ssh_host_ed25519_key.pub", f"{host_key.public}\n")
        add("etc/ssh/sshd_config.d/machine.conf", _SSHD.format(address=address, port=SSH_PORT))
        add("etc/nginx/conf.d/site.conf", _NGINX.format(address=address, port=HTTP_PORT, name=name))
        for user, home in HOMES.items():
            folder = tarfile.TarInfo(f"{home}/.ssh")
            folder.type, folder.mode = tarfile.DIRTYPE, 0o700
            folder.uname = folder.gname = user
            archive.addfile(folder)
            keys = f"{home}/.ssh/authorized_keys"
            add(keys, f"{login_key.public}\n", mode=0o600, owner=user)


_SSHD = """\
ListenAddress {address}:{port}
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
PermitRootLogin prohibit-password
"""

_NGINX = """\
server {{
    listen {address}:{port};
    default_type text/plain;
    location / {{
        return 200 "{name}\\n";
    }}
}}
"""
