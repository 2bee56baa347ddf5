"""The root file system that all machines share, built once and kept in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.servers.systemd.enclosure import Enclosure
from tests.servers.systemd.errors import MachineError

_CHECKOUT = Path(__file__).parents[3]
_RECIPE = Path(__file__).with_name("rootfs.sh")
_BUILD_LIMIT = 1800  # seconds; a minute or two is usual


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """Where this machine's apt gets its own release from."""

    url: str
    components: str
    """Separated by commas, as debootstrap wants them."""


def cache_folder() -> Path:
    """Return the folder for what is costly to make: $OPSMANAGER_CACHE_DIR, else the checkout's."""
    configured = os.environ.get("OPSMANAGER_CACHE_DIR")
    return Path(configured).resolve() if configured else _CHECKOUT / ".cache"


def build(cache: Path | None = None, recipe: Path = _RECIPE) -> Path:
    """Return the root file system that `recipe` describes, built first where the cache lacks it.

    Of several processes one builds, the others wait. A build that was broken off is thrown away
    and begun anew. Raises MachineError when it can't be built.
    """
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    folder = (cache or cache_folder()) / "systemd"
    folder.mkdir(parents=True, exist_ok=True)
    finished = folder / f"rootfs-{release}-{_key(recipe)}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            unfinished = finished.with_suffix(".building")
            if unfinished.exists():
                shutil.rmtree(unfinished)
            _run(recipe, unfinished, release, lock.fileno())
            unfinished.rename(finished)  # the name stands for a complete one
    return finished


def _key(recipe: Path) -> str:
    return hashlib.sha256(recipe.read_bytes() + platform.machine().encode()).hexdigest()[:12]


def _run(recipe: Path, target: Path, release: str, lock: int) -> None:
    mirror = _mirror(release)
    command = ("bash", str(recipe), str(target), release, mirror.url, mirror.components)
    # The build keeps the lock, so that the next run can't begin while this one is being ended.
    with Enclosure(*command, keep=[lock]) as building:
        try:
            code = building.wait(_BUILD_LIMIT)
        except subprocess.TimeoutExpired:
            code = -1
        if code != 0:
            # A mirror's address may carry a password.
            log = building.log().replace(mirror.url, "MIRROR")
            raise MachineError(
                f"The root file system of the test machines could not be built (exit code {code}). "
                f"Its last words:\n{log}"
            )


def _mirror(release: str) -> Mirror:
    """Ask apt, because its configuration has several formats and places."""
    form = "$(RELEASE) $(REPO_URI) $(COMPONENT)"
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    components: dict[str, list[str]] = {}
    for suite, url, component in (line.split() for line in targets):
        if suite == release and url.startswith(("http://", "https://", "file:")):
            components.setdefault(url, []).append(component)
    for url, names in components.items():
        if "main" in names:
            return Mirror(url=url, components=",".join(dict.fromkeys(names)))
    raise MachineError(
        f"apt has no package source for {release}, this machine's release, that debootstrap could "
        "use. Add one to /etc/apt/sources.list.d and run apt-get update."
    )
