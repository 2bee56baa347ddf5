"""An sshd whose user has another login shell, as its passwd says; the machine's is left alone."""

import os
import pwd
import shutil
from pathlib import Path

import pytest

from tests.servers.ssh.openssh import Sshd

# The sshd alone sees this passwd: the mount is in a namespace of its own.
_SEES_PASSWD = 'mount --bind -- "$1" /etc/passwd && shift && exec "$@"'


class SshdWithShell(Sshd):
    """Its one login is the current user with ``shell`` (a path); needs root, for the mount."""

    def __init__(self, folder: Path, shell: str) -> None:
        super().__init__(folder)
        user = pwd.getpwuid(os.geteuid())
        self.passwd = folder / "passwd"
        others = [
            line
            for line in Path("/etc/passwd").read_text().splitlines()
            if not line.startswith(f"{user.pw_name}:")
        ]
        own = f"{user.pw_name}:x:{user.pw_uid}:{user.pw_gid}::{self.home}:{shell}"
        self.passwd.write_text("\n".join([own, *others, ""]))

    def words(self, config: Path) -> list[str]:
        private = ["unshare", "--mount", "--propagation", "private"]
        script = ["sh", "-c", _SEES_PASSWD, "sh", str(self.passwd)]
        return [*private, *script, *super().words(config)]


def require_shell(name: str) -> str:
    """Return the path of a shell; skip without it, or without root; on CI fail instead."""
    path = shutil.which(name)
    if path is None:
        _leave_out(f"The login shell {name} is not installed (Debian: apt-get install {name}).")
    if os.geteuid() != 0:
        _leave_out("Giving a login another shell needs root.")
    return str(path)


def _leave_out(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
