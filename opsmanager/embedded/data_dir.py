"""The data folder: where everything that must survive a restart lies, held by one supervisor."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsmanager.embedded.errors import AlreadyRunningError, DataFolderError

DEFAULT = ".data"
# The watchdog of a killed supervisor keeps the lock until it has ended what that one left behind.
PATIENCE_WITH_WATCHDOG = 15.0


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The right to work in a data folder, given up when every holder of the descriptor is gone."""

    descriptor: int

    def release(self) -> None:
        """Let the folder go."""
        os.close(self.descriptor)


@dataclass(frozen=True, kw_only=True)
class DataDir:
    """A folder of OpsManager's own, absolute."""

    path: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, project: Path) -> "DataDir":
        """Return the folder that OPSMANAGER_DATA_DIR names, `.data` in the project by default."""
        return cls(path=project / Path(environ.get("OPSMANAGER_DATA_DIR") or DEFAULT).expanduser())

    @property
    def secrets(self) -> Path:
        """Where the generated secrets lie, readable by their owner only."""
        return self.path / "secrets"

    @property
    def demo(self) -> Path:
        """Where the demo servers live."""
        return self.path / "demo"

    def create(self) -> None:
        """Create the folder where it is missing and make sure that it can be written.

        Raises DataFolderError when it cannot.
        """
        probe = self.path / ".writable"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise DataFolderError(
                f"The data folder {self.path} cannot be written ({error.strerror}). "
                "Make it writable, or name another one: OPSMANAGER_DATA_DIR=/some/folder"
            ) from None

    def lock(self, address: str = "", *, patience: float = PATIENCE_WITH_WATCHDOG) -> Lock:
        """Take the folder for this process, which will answer at `address`.

        Waits up to `patience` seconds while the holder is dead and its watchdog still tidies up.
        Raises AlreadyRunningError when another OpsManager works in it.
        """
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid, address = _holder(descriptor)
                if _is_alive(pid) or time.monotonic() > deadline:
                    os.close(descriptor)
                    where = f" at {address}" if address else ""
                    raise AlreadyRunningError(
                        f"OpsManager is already running (pid {pid}){where}, "
                        f"with the data folder {self.path}. Stop it with Ctrl-C, or give this one "
                        "a folder and a port of its own: OPSMANAGER_DATA_DIR=… PORT=…"
                    ) from None
                time.sleep(0.1)
            else:
                _sign(descriptor, address)
                return Lock(descriptor=descriptor)

    def discard(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)


def _sign(descriptor: int, address: str) -> None:
    """Write down who holds the folder and where it answers, for the next one who tries."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "address": address}).encode(), 0)


def _holder(descriptor: int) -> tuple[int | None, str]:
    """Who holds the lock; nobody known while that one is still writing itself down."""
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        return int(holder["pid"]), str(holder["address"])
    except (ValueError, KeyError):
        return None, ""


def _is_alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
