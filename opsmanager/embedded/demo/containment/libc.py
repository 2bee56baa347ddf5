"""The system calls that Python 3.11 has no name for; numbers and structures from Linux's headers.

Every call raises ``OSError`` with the kernel's reason.
"""

import ctypes
import fcntl
import os
import platform
import socket
import struct
from enum import IntFlag

_libc = ctypes.CDLL(None, use_errno=True)


class Namespace(IntFlag):
    """Flags of unshare(2)."""

    MOUNT = 0x0002_0000
    CGROUP = 0x0200_0000
    UTS = 0x0400_0000
    IPC = 0x0800_0000
    USER = 0x1000_0000
    PID = 0x2000_0000
    NET = 0x4000_0000


class Mount(IntFlag):
    """Flags of mount(2)."""

    NONE = 0
    NOSUID = 0x2
    NODEV = 0x4
    NOEXEC = 0x8
    BIND = 0x1000
    RECURSIVE = 0x4000
    PRIVATE = 0x4_0000


class MountAttribute(IntFlag):
    """Attributes of mount_setattr(2)."""

    READ_ONLY = 0x1
    NOSUID = 0x2
    NODEV = 0x4
    NOEXEC = 0x8


_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_MOUNT_SETATTR = 442  # one number on every architecture, as all since Linux 5.1
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280}
_KEYCTL_JOIN_SESSION_KEYRING = 1
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MNT_DETACH = 2
_CAPABILITY_VERSION_3 = 0x2008_0522
_LAST_CAPABILITY = 63
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(namespaces: Namespace) -> None:
    """Leave the namespaces of the parent for new ones."""
    _check(_libc.unshare(int(namespaces)), "unshare")


def mount(source: str, target: str, kind: str, flags: Mount, options: str = "") -> None:
    """Mount ``source`` at ``target``."""
    words = (os.fsencode(word) for word in (source, target, kind))
    result = _libc.mount(*words, ctypes.c_ulong(flags), options.encode())
    _check(result, f"mount {kind or 'bind'} {target}")


def set_mount_attributes(path: str, attributes: MountAttribute, *, recursive: bool) -> None:
    """Add attributes to the mount at ``path``, and to all below it where ``recursive``."""
    setting = struct.pack("=4Q", attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    arguments = (_AT_FDCWD, os.fsencode(path), flags, setting, ctypes.c_size_t(len(setting)))
    _check(_libc.syscall(_MOUNT_SETATTR, *arguments), f"mount_setattr {path}")


def detach(path: str) -> None:
    """Take the mount at ``path`` out of the tree, with all below it."""
    _check(_libc.umount2(os.fsencode(path), _MNT_DETACH), f"umount {path}")


def pivot_root(new_root: str, put_old: str) -> None:
    """Make ``new_root`` the root, and put the old one at ``put_old``."""
    result = _libc.pivot_root(os.fsencode(new_root), os.fsencode(put_old))
    _check(result, f"pivot_root {new_root}")


def set_hostname(name: str) -> None:
    """Name the machine, in this UTS namespace."""
    encoded = name.encode()
    _check(_libc.sethostname(encoded, ctypes.c_size_t(len(encoded))), "sethostname")


def bring_loopback_up() -> None:
    """Switch on ``lo`` in this network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16xH14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[0]
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def die_with_parent(signal_number: int) -> None:
    """Have this process sent a signal when the thread that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def allow_own_proc_files() -> None:
    """Give /proc/self back to this process after it has changed its user."""
    _prctl(_PR_SET_DUMPABLE, 1)


def refuse_new_privileges() -> None:
    """Let no program that is executed from now on gain privileges."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def keep_capabilities(kept: frozenset[int]) -> None:
    """Give up all capabilities but ``kept``, for this process and whatever it executes."""
    for capability in range(_LAST_CAPABILITY + 1):
        if capability not in kept:
            # The kernel knows fewer than there are bits.
            _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    mask = sum(1 << capability for capability in kept)
    low, high = mask & 0xFFFF_FFFF, mask >> 32
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    sets = struct.pack("=6I", low, low, 0, high, high, 0)
    _check(_libc.capset(header, sets), "capset")


def leave_keyring() -> None:
    """Take an empty session keyring instead of the parent's, whose keys could be read."""
    number = _KEYCTL.get(platform.machine())
    if number is None:
        raise OSError(f"keyctl has no known number on {platform.machine()}.")
    _check(_libc.syscall(number, _KEYCTL_JOIN_SESSION_KEYRING, None), "keyctl")


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")
