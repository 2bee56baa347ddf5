"""Finds processes of this machine by their ancestors and their environment, in /proc."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children, and so on."""
    children: dict[int, list[int]] = {}
    for folder in _folders():
        children.setdefault(_parent(folder), []).append(int(folder.name))
    found = list(children.get(pid, []))
    for child in found:
        found += children.get(child, [])
    return found


def with_variable(name: str, value: str) -> list[int]:
    """Return the processes that began with this in their environment, of those one may look at."""
    wanted = f"{name}={value}".encode()
    return [
        int(folder.name)
        for folder in _folders()
        if wanted in _read(folder / "environ").split(b"\0")
    ]


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; no error when the process has ended or may not be signalled."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _folders() -> Iterator[Path]:
    return _PROC.glob("[0-9]*")


def _parent(folder: Path) -> int:
    """Return the pid of the parent; 0 when the process has ended."""
    # A process may have any name, also one with blanks: the fields follow its last ") ".
    fields = _read(folder / "stat").rpartition(b") ")[2].split()
    return int(fields[1]) if fields else 0


def _read(file: Path) -> bytes:
    """Return what the kernel says; nothing of a process that has ended or is somebody else's."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
