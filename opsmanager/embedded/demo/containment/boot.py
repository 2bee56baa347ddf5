"""Becomes a world: this process makes the namespaces, its child is the world's first process.

Run as ``python -m opsmanager.embedded.demo.containment.boot CONTROL PLAN`` with the file
descriptor of the control socket and the plan's JSON.

The walls are built twice, and that is the point: whoever mounts the root folder does so in one
user namespace, the world lives in another below it, and the kernel then locks what the upper one
mounted: nobody in the world can take a read-only away or look under a mount, whatever
capabilities he may win. Started by root, the world's root is a user without rights on the machine.
"""

import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from opsmanager.embedded.demo.containment import libc, root_folder
from opsmanager.embedded.demo.containment.libc import Mount, MountAttribute, Namespace
from opsmanager.embedded.demo.containment.plan import PROGRAMS, Plan
from opsmanager.embedded.demo.inside.messages import Refused, send

PROCESSES = 192
"""How many processes and threads a world may have."""
MEMORY = 1 << 30
"""Bytes of address space per process."""
OPEN_FILES = 512
NICENESS = 5
FIRST_TO_GO = "900"
"""Whose memory the kernel takes first when the machine has none left."""

ENVIRONMENT = {
    "PATH": f"{PROGRAMS}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/sh",
    "LANG": "C.UTF-8",
}

_EVERYBODY_READS = 0o022
_ALL_USERS = ["0", "0", str(0xFFFF_FFFF)]
# chown, dac_override, fowner, fsetid, kill, net_bind_service: what services and repairs need.
_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 10})
_HIDDEN_FILES = ("kcore", "keys", "key-users", "kmsg", "sched_debug", "sysrq-trigger", "timer_list")
_HIDDEN_FOLDERS = ("acpi", "bus", "driver", "fs", "irq", "scsi")


def main(control: socket.socket, plan: Plan) -> int:
    """Build the world and wait for its end."""
    libc.die_with_parent(signal.SIGKILL)
    os.umask(_EVERYBODY_READS)
    Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
    os.nice(NICENESS)
    libc.leave_keyring()
    _enter(plan)
    child = os.fork()
    if child == 0:
        _become_first_process(control, plan)
    control.close()
    os.waitpid(child, 0)
    return 0


def _enter(plan: Plan) -> None:
    """Mount the root folder, then move below it; the next child is in a world of its own."""
    user, group = os.geteuid(), os.getegid()
    if user == 0 and _is_the_machines_root():
        libc.unshare(Namespace.MOUNT)
        root_folder.build(plan, owner=plan.user)
        os.setgroups([])
        os.setresgid(plan.user, plan.user, plan.user)
        os.setresuid(plan.user, plan.user, plan.user)
        # Changing the user also forgets the signal for the parent's death.
        libc.allow_own_proc_files()
        libc.die_with_parent(signal.SIGKILL)
        user = group = plan.user
    else:
        libc.unshare(Namespace.USER | Namespace.MOUNT)
        _map_root(Path("/proc/self"), user, group)
        root_folder.build(plan, owner=0)
        user = group = 0
    libc.unshare(
        Namespace.USER
        | Namespace.MOUNT
        | Namespace.PID
        | Namespace.NET
        | Namespace.UTS
        | Namespace.IPC
        | Namespace.CGROUP
    )
    _map_root(root_folder.OLD / "proc/self", user, group)


def _is_the_machines_root() -> bool:
    """Whether root here is the machine's, and not only that of a container's user namespace.

    Raises ``OSError`` for a root who is both: the limit on processes does not hold him, and he
    could not become anybody else.
    """
    users = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    if users != _ALL_USERS and users[1] == "0":
        raise OSError("root of a user namespace that root has made")
    return users == _ALL_USERS


def _map_root(process: Path, user: int, group: int) -> None:
    """Be root, and nobody else, in the user namespace just entered."""
    (process / "setgroups").write_text("deny", encoding="ascii")
    (process / "uid_map").write_text(f"0 {user} 1", encoding="ascii")
    (process / "gid_map").write_text(f"0 {group} 1", encoding="ascii")


def _become_first_process(control: socket.socket, plan: Plan) -> None:
    """Shut the door behind us and run the world's first program; never returns."""
    try:
        libc.die_with_parent(signal.SIGKILL)
        _move_in()
        _shield_proc()
        libc.set_hostname(plan.hostname)
        libc.bring_loopback_up()
        _limit()
        words = [plan.interpreter, "-I", "-S", f"{PROGRAMS}/lib", "init", str(control.fileno())]
        control.set_inheritable(True)
        os.execve(plan.interpreter, words, ENVIRONMENT)  # noqa: S606  no shell is the point
    except OSError as error:
        send(control, Refused(reason=_reason(error)))
    finally:
        os._exit(1)


def _reason(error: OSError) -> str:
    return f"this machine does not allow it ({error.strerror or error})"


def _move_in() -> None:
    new = str(root_folder.NEW)
    # What came from the upper namespace is locked and cannot become a root; a view of it can.
    libc.mount(new, new, "", Mount.BIND | Mount.RECURSIVE)
    os.chdir(new)
    libc.mount("proc", "proc", "proc", Mount.NOSUID | Mount.NODEV | Mount.NOEXEC)
    libc.pivot_root(".", ".")
    libc.detach(".")
    os.chdir("/")


def _shield_proc() -> None:
    """No further namespaces from here, no kernel settings, no look at the machine's keys."""
    Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
    for name in _HIDDEN_FILES:
        with suppress(FileNotFoundError):
            libc.mount("/dev/null", f"/proc/{name}", "", Mount.BIND)
    for name in ("sys", *_HIDDEN_FOLDERS):
        path = f"/proc/{name}"
        with suppress(FileNotFoundError):
            libc.mount(path, path, "", Mount.BIND | Mount.RECURSIVE)
            libc.set_mount_attributes(path, MountAttribute.READ_ONLY, recursive=True)


def _limit() -> None:
    for kind, limit in {
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(kind, (limit, limit))
    libc.keep_capabilities(_CAPABILITIES)
    libc.refuse_new_privileges()


if __name__ == "__main__":
    CONTROL = socket.socket(fileno=int(sys.argv[1]))
    try:
        sys.exit(main(CONTROL, Plan.from_json(sys.argv[2])))
    except OSError as refusal:
        send(CONTROL, Refused(reason=_reason(refusal)))
        sys.exit(1)
