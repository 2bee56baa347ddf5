"""The unprivileged account that PostgreSQL runs as when OpsManager is started by root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from opsmanager.embedded.errors import ServiceError

# The first of these that the machine has: Debian's own if it is there, else everybody's nobody.
CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder on the way to `folder`, and itself, lets this account through."""
        resolved = folder.resolve()
        return all(self._may(path, stat.S_IXUSR) for path in (resolved, *resolved.parents))

    def _may(self, path: Path, owner_bit: int) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            bit = owner_bit
        elif status.st_gid == self.gid:
            bit = owner_bit >> 3
        else:
            bit = owner_bit >> 6
        return bool(status.st_mode & bit)


def unprivileged(owned: Path) -> Account | None:
    """Return the account to run PostgreSQL as, None to run it as who we are.

    The owner of a data folder that exists keeps it. Raises ServiceError when root finds no account.
    """
    if os.geteuid() != 0:
        return None
    if owned.exists() and owned.stat().st_uid != 0:
        return _account(pwd.getpwuid(owned.stat().st_uid))
    for name in CANDIDATES:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise ServiceError(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor "
        "`nobody`. Start OpsManager as an ordinary user."
    )


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
