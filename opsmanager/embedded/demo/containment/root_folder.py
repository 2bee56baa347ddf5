"""Builds what a world sees as its root folder: the machine's programs, read-only, and no more."""

import os
from pathlib import Path

from opsmanager.embedded.demo.containment import libc
from opsmanager.embedded.demo.containment.libc import Mount, MountAttribute
from opsmanager.embedded.demo.containment.plan import PROGRAMS, Plan

NEW, OLD = Path("/new"), Path("/old")
"""Where both roots stand while a world is built."""

_SHIELDED = MountAttribute.READ_ONLY | MountAttribute.NOSUID | MountAttribute.NODEV
_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Nothing secret, and programs need it: where libraries are, which of several programs is meant.
_SETTINGS = ("etc/ld.so.cache", "etc/alternatives", "etc/localtime")
_EMPTIED = ("usr/lib/systemd/system", "usr/lib/systemd/user", "usr/local/etc", "usr/src")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
_NOTHING = "sys"
_FOLDERS = {
    **dict.fromkeys(("etc", "home", "mnt", "opt", "proc", "srv", "var", "var/tmp"), 0o755),
    "root": 0o700,
    "tmp": 0o1777,
    _NOTHING: 0o555,
}


def build(plan: Plan, *, owner: int) -> None:
    """Stand on an empty root with the machine's at :data:`OLD` and the world's at :data:`NEW`.

    Needs a mount namespace of its own. ``owner`` is the user id that is root in the world.
    """
    libc.mount("none", "/", "", Mount.RECURSIVE | Mount.PRIVATE)
    _stand_apart()
    _mount_memory(NEW, "size=48m,nr_inodes=8k,mode=755", owner)
    for name, mode in _FOLDERS.items():
        _make_folder(NEW / name, mode, owner)
    for name in _SYSTEM:
        _show_system(name)
    # The machine's own services are none of the world's.
    for name in _EMPTIED:
        if (NEW / name).is_dir():
            _show(NEW / _NOTHING, NEW / name)
    _mount_memory(NEW / "dev", "size=64k,nr_inodes=64,mode=755", owner)
    _show_devices()
    _mount_memory(NEW / "dev/shm", "size=4m,nr_inodes=256,mode=1777", owner)
    _mount_memory(NEW / "run", "size=8m,nr_inodes=2k,mode=755", owner)
    _mount_memory(NEW / "var/log", f"size={plan.log_megabytes}m,nr_inodes=1k,mode=755", owner)
    for name in _SETTINGS:
        if (OLD / name).exists():
            _show(OLD / name, NEW / name)
    _show(_old(plan.programs), _new(PROGRAMS))
    # The machine's programs of the same names talk to the machine's services.
    for command in (_old(plan.programs) / "bin").iterdir():
        if (NEW / "usr/bin" / command.name).exists():
            _show(command, NEW / "usr/bin" / command.name)
    for path in plan.interpreter_files:
        _show(_old(path), _new(path))


def _old(path: str) -> Path:
    return OLD / path.lstrip("/")


def _new(path: str) -> Path:
    return NEW / path.lstrip("/")


def _stand_apart() -> None:
    """Move to an empty root, so that no target can lie on a path that is still needed."""
    base = Path("/tmp")  # noqa: S108  any folder that exists everywhere: nothing is written to it
    libc.mount("tmpfs", str(base), "tmpfs", Mount.NOSUID | Mount.NODEV, "size=64k,mode=755")
    for folder in (NEW, OLD):
        (base / folder.name).mkdir()
    libc.pivot_root(str(base), str(base / OLD.name))


def _make_folder(path: Path, mode: int, owner: int) -> None:
    path.mkdir()
    os.chown(path, owner, owner)
    path.chmod(mode)


def _mount_memory(target: Path, options: str, owner: int) -> None:
    target.mkdir(parents=True, exist_ok=True)
    options = f"{options},uid={owner},gid={owner}"
    libc.mount("tmpfs", str(target), "tmpfs", Mount.NOSUID | Mount.NODEV, options)


def _show_system(name: str) -> None:
    source, target = OLD / name, NEW / name
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        _show(source, target)


def _show(source: Path, target: Path) -> None:
    """Show a file or folder of the machine, with no way to change it."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    libc.mount(str(source), str(target), "", Mount.BIND | Mount.RECURSIVE)
    libc.set_mount_attributes(str(target), _SHIELDED, recursive=True)


def _show_devices() -> None:
    for name in _DEVICES:
        target = NEW / "dev" / name
        target.touch()
        libc.mount(str(OLD / "dev" / name), str(target), "", Mount.BIND)
        attributes = MountAttribute.NOSUID | MountAttribute.NOEXEC
        libc.set_mount_attributes(str(target), attributes, recursive=False)
    for name, rest in _DEVICE_LINKS.items():
        (NEW / "dev" / name).symlink_to(f"/proc/self/fd{rest}")
