"""What a demo server keeps from start to start: its port, its host key, and its login's key."""

import os
from dataclasses import dataclass
from pathlib import Path

from servers.ssh.testing import KeyPair, generate_key

_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A server's own folder."""

    folder: Path

    @property
    def port(self) -> int:
        """The port it listened on last; 0 at the first start."""
        try:
            return int((self.folder / "port").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def remember_port(self, port: int) -> None:
        """Keep the port for the next start."""
        private_folder(self.folder)
        (self.folder / "port").write_text(str(port), encoding="ascii")

    def host_key(self) -> KeyPair:
        """Return the server's key, made at the first start."""
        return key_at(self.folder / "host_key")


def key_at(path: Path) -> KeyPair:
    """Return the key in this file, which is made where it is missing; nobody else may read it."""
    private_folder(path.parent)
    if not path.exists():
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(generate_key().private_key)
        new.rename(path)
    return KeyPair.from_private_key(path.read_text(encoding="ascii"))


def private_folder(path: Path) -> None:
    """Make a folder that only we can enter, and those above it."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(_PRIVATE_FOLDER)
