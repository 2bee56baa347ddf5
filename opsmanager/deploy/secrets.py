"""The secrets of an installation as files: what OpsManager has by itself, and what it logs in with.

Their names are those of the settings in small letters, so that ``NAME_FILE`` is easy to write down.
What is there is kept, so it can be called again after an upgrade that needs another secret.
"""

from pathlib import Path
from typing import Final

from opsmanager.embedded.secrets import ADMIN_PASSWORD, OWNER_URL, Secrets

_OWNER: Final = "opsmanager_owner"
_ROLE: Final = "opsmanager"
_DATABASE: Final = "opsmanager"


def make(folder: Path, *, database: str, redis: str) -> list[str]:
    """Make the files that are missing in ``folder``; return their names.

    ``database`` and ``redis`` are host and port, as the processes will reach them. Raises
    :class:`SecretsError` when half of a pair of keys is missing, and :class:`OSError`.
    """
    secrets = Secrets(folder=folder, environ={})
    before = _names(folder)
    secrets.create()
    owner, role = secrets.password("postgres_owner_password"), secrets.password("postgres_password")
    broker = secrets.password("redis_password")
    secrets.password(ADMIN_PASSWORD)
    _keep(folder / OWNER_URL.lower(), f"postgresql://{_OWNER}:{owner}@{database}/{_DATABASE}")
    _keep(folder / "database_url", f"postgresql://{_ROLE}:{role}@{database}/{_DATABASE}")
    _keep(folder / "redis_url", f"redis://:{broker}@{redis}/0")
    secrets.password("opsmanager_metrics_token")
    for name in _names(folder):
        # The folder lets its owner in alone. The files may be read by whoever is given one: each
        # container has a user of its own.
        (folder / name).chmod(0o444)
    return sorted(_names(folder) - before)


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()} if folder.is_dir() else set()


def _keep(file: Path, text: str) -> None:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(text)
