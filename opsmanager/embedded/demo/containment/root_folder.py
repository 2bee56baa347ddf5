"""Builds what a world sees as its root folder: the machine's programs, read-only, and no more."""

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
_PRIVATE_FOLDER, _PUBLIC_FOLDER = 0o700, 0o1777


def build(plan: Plan, *, owner: int) -> None:
    """Stand on an empty root with the machine's at :data:`OLD` and the world's at :data:`NEW`.

    Needs a mount namespace of its own. ``owner`` is the user id that is root in the world.
    """
    libc.mount("none", "/", "", Mount.RECURSIVE | Mount.PRIVATE)
    _stand_apart()
    _mount_memory(NEW, "size=1m,nr_inodes=2k,mode=755", owner)
    for name in _SYSTEM:
        _show_system(name)
    # The machine's own services are none of the world's.
    for name in _EMPTIED:
        if (NEW / name).is_dir():
            _mount_memory(NEW / name, "size=64k,nr_inodes=16,mode=755", owner)
            libc.set_mount_attributes(str(NEW / name), MountAttribute.READ_ONLY, recursive=False)
    _mount_memory(NEW / "dev", "size=64k,nr_inodes=64,mode=755", owner)
    _show_devices()
    _mount_memory(NEW / "etc", "size=1m,nr_inodes=1k,mode=755", owner)
    for name in _SETTINGS:
        if (OLD / name).exists():
            _show(OLD / name, NEW / name)
    folders = {"home": 8, "opt": 1, "root": 8, "run": 8, "srv": 4, "tmp": 16, "var": 16}
    for name, megabytes in folders.items():
        mode = {"root": _PRIVATE_FOLDER, "tmp": _PUBLIC_FOLDER}.get(name, 0o755)
        _mount_memory(NEW / name, f"size={megabytes}m,nr_inodes=2k,mode={mode:o}", owner)
    _mount_memory(NEW / "var/log", f"size={plan.log_megabytes}m,nr_inodes=1k,mode=755", owner)
    _mount_memory(NEW / "dev/shm", "size=4m,nr_inodes=256,mode=1777", owner)
    _show(_old(plan.programs), _new(PROGRAMS))
    for path in plan.interpreter_files:
        _show(_old(path), _new(path))
    for name in ("proc", "sys"):
        (NEW / name).mkdir()
    libc.set_mount_attributes(str(NEW), MountAttribute.READ_ONLY, recursive=False)
    libc.set_mount_attributes(str(NEW / "opt"), MountAttribute.READ_ONLY, recursive=False)


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
    else:
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
