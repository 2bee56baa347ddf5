"""Control groups of a machine's own, so that its systemd touches no other's processes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, kw_only=True)
class ControlGroup:
    """One machine's group in each hierarchy that its systemd uses.

    With cgroup v2 that is one; with v1, or both side by side, also the hierarchy named systemd.
    """

    paths: tuple[Path, ...]

    @classmethod
    def create(cls, name: str) -> Self:
        """Make the groups below this process's own, in place of what a killed run left there."""
        group = cls(paths=tuple(parent / name for parent in _own_groups()))
        group.remove()
        for path in group.paths:
            path.mkdir()
        return group

    def first_process(self) -> int | None:
        """Return the PID of the machine's systemd as seen from here, None while it has none."""
        for path in self.paths:
            processes = path / "payload" / "init.scope" / "cgroup.procs"
            for pid in processes.read_text().split() if processes.exists() else ():
                if _pid_inside(pid) == "1":
                    return int(pid)
        return None

    def remove(self) -> None:
        """Remove the groups and those that the machine made within, once its processes ended."""
        for path in self.paths:
            for folder, _, _ in os.walk(path, topdown=False):
                Path(folder).rmdir()


def _pid_inside(pid: str) -> str | None:
    """Return the PID that the process has in its own namespace, None when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return next(line.split()[-1] for line in status.splitlines() if line.startswith("NSpid:"))


def _own_groups() -> list[Path]:
    mounts = _hierarchies()
    groups = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in mounts:
            mount_point, root = mounts[controllers]
            groups.append(mount_point / Path(path).relative_to(root))
    return groups


def _hierarchies() -> dict[str, tuple[Path, Path]]:
    """Return mount point and root by the name that /proc/self/cgroup uses, see cgroups(7)."""
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, source = line.partition(" - ")
        root, mount_point = mount.split()[3:5]
        kind, _, options = source.split(maxsplit=2)
        if kind == "cgroup2":
            found[""] = (Path(mount_point), Path(root))
        elif kind == "cgroup" and "name=systemd" in options.split(","):
            found["name=systemd"] = (Path(mount_point), Path(root))
    return found
