"""Nothing of the machine can be read, changed or ended from a demo server."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.embedded.demo.demo import PROJECT, SECRET, Demo, eventually

TEXT = "canary of the machine"
LOGS = Path("/var/log")

# Each must fail, whatever for.
ATTEMPTS = {
    "remount the programs read-write": "mount -o remount,rw,bind /usr",
    "remount without the tool": "mount -n -i -o remount,rw /usr",
    "unmount what shields the machine's units": "umount /usr/lib/systemd/system || umount -l /opt",
    "mount a file system": "mkdir -p /tmp/m && mount -t tmpfs none /tmp/m",
    "mount another proc": "mkdir -p /tmp/p && mount -t proc proc /tmp/p",
    "write to the programs": "touch /usr/bin/canary",
    "write to the demo's programs": "touch /opt/demo/bin/canary",
    "change a program": "chmod 777 /usr/bin/env",
    "make a block device": "mknod /tmp/disk b 8 0",
    "make a character device": "mknod /dev/mem c 1 1",
    "load a module": "modprobe loop || insmod /lib/modules/x.ko",
    "write a kernel setting": "echo 1 >/proc/sys/kernel/panic",
    "set what runs at a crash": "echo '|/tmp/x' >/proc/sys/kernel/core_pattern",
    "press the magic key": "echo b >/proc/sysrq-trigger",
    "read the kernel's memory": "head -c 1 /proc/kcore | grep -q .",
    "read the kernel's keys": "grep -q . /proc/keys",
    "make a user namespace": "unshare -U true",
    "make a mount namespace": "unshare -m true",
    "make a network namespace": "unshare -n true",
    "enter the first process's namespaces": "nsenter -t 1 -m -p true",
    "set the machine's name": "hostname owned",
    "set the clock": "date -s 2001-01-01",
    "take a higher limit": "ulimit -Hu 100000",
    "raise the own priority": "nice -n -20 true 2>&1 | grep -q . && exit 1",
    "change the root": "chroot /usr /bin/true",
    "see the first process's terminal": "test -t 0 </dev/tty",
}

# As above, but by system calls: a missing tool must not pass for a wall.
CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
calls = {
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "remount": lambda: libc.mount(None, b"/usr", None, 0x20 | 0x1000, None),
    "umount": lambda: libc.umount2(b"/proc/sys", 2),
    "unshare": lambda: libc.unshare(0x10000000),
    "pivot_root": lambda: libc.pivot_root(b"/tmp", b"/tmp"),
    "chroot": lambda: libc.chroot(b"/tmp"),
    "mknod": lambda: libc.mknod(b"/tmp/disk", 0o60666, 0x800),
    "sethostname": lambda: libc.sethostname(b"owned", 5),
    "ptrace": lambda: libc.ptrace(16, int(%d), 0, 0),
    "setns": lambda: libc.setns(os.open("/proc/1/ns/mnt", 0), 0),
    "init_module": lambda: libc.init_module(b"", 0, b""),
    "swapon": lambda: libc.swapon(b"/tmp/x", 0),
    "reboot": lambda: libc.reboot(0),
    "setuid": lambda: libc.setresuid(12345, 12345, 12345),
    "capability": lambda: libc.capset(
        (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(1 << 21, 1 << 21, 0)
    ),
}
for name, call in calls.items():
    if call() == 0:
        print(name)
"""


@pytest.fixture
def canaries(fleet: Demo) -> Iterator[list[Path]]:
    """Files of the user: at home, in a folder, in the system's logs where we may write there."""
    folders = [Path.home(), Path(tempfile.gettempdir())]
    if os.access(LOGS, os.W_OK):
        folders.append(LOGS)
    paths = [folder / f"canary-{os.getpid()}-{id(fleet)}" for folder in folders]
    for path in paths:
        path.write_text(TEXT)
    yield paths
    for path in paths:
        path.unlink(missing_ok=True)


def user_files(fleet: Demo, canaries: list[Path]) -> list[Path]:
    return [
        *canaries,
        PROJECT / "pyproject.toml",
        PROJECT / "opsmanager/settings/base.py",
        fleet.folder / "servers.json",
        fleet.folder / "login_key",
        fleet.folder / "web-1/host_key",
        Path("/etc/shadow"),
        Path("/etc/machine-id"),
        Path("/etc/ssh"),
    ]


def test_the_users_files_cannot_be_read(fleet, canaries):
    for path in user_files(fleet, canaries):
        result = fleet.run(f"cat '{path}' || ls -la '{path}'")
        assert result.code != 0, path
        assert TEXT not in result.out
    seen = fleet.run(f"cat /proc/mounts; ls -a / /home /root /tmp /srv /mnt; ls -a {Path.home()}")
    assert "canary-" not in seen.out
    found = fleet.run(f"grep -rls '{TEXT}' /home /root /tmp /run /var /etc /dev/shm /srv /opt")
    assert found.out == ""


def _told(path):
    told = path.stat()
    return told.st_mode, told.st_size, told.st_ino, told.st_mtime_ns


def as_they_are(paths):
    """Return what is in each file; where it may not be read, what its folder says of it."""
    return {path: path.read_bytes() if os.access(path, os.R_OK) else _told(path) for path in paths}


def test_the_users_files_cannot_be_changed_or_deleted(fleet, canaries):
    before = as_they_are(path for path in user_files(fleet, canaries) if path.is_file())
    for path in before:
        fleet.run(f"mkdir -p '{path.parent}'; echo changed >'{path}'; chmod 777 '{path}'")
        fleet.run(f"rm -rf '{path}'; : >'{path}'; truncate -s 0 '{path}'")
        fleet.run(f"rm -f '{path}'")
    fleet.run("rm -rf /home/* /root/* /root/.[!.]* /tmp/* /mnt/* /srv/* /boot /usr 2>&1")
    assert as_they_are(before) == before
    assert os.access(sys.executable, os.X_OK)
    assert fleet.run("systemctl is-active sessions").out == "active\n"


def test_deleting_everything_deletes_the_world_alone(start):
    demo = start()
    if not demo.contained:
        pytest.skip("This machine cannot contain demo servers.")
    before = as_they_are(path for path in user_files(demo, []) if path.is_file())
    folders = {path: sorted(path.iterdir()) for path in (Path("/usr/bin"), Path("/etc"), PROJECT)}
    demo.answers("rm -rf --no-preserve-root / >/dev/null 2>&1", on="web-1")
    assert demo.answers("cat /etc/hostname", on="web-1") == ""
    assert demo.answers("cat /etc/hostname", on="db-1") == "db-1\n"
    assert as_they_are(before) == before
    assert {path: sorted(path.iterdir()) for path in folders} == folders


def test_the_machines_logs_are_not_touched(fleet, canaries):
    # Those of other tests come and go.
    paths = {path for path in LOGS.glob("*") if not path.name.startswith("canary-")}
    sizes = {path: path.stat().st_size for path in {*paths, *canaries} if path.is_file()}
    fleet.run('find /var/log -type f | while read -r f; do : >"$f"; done', on="db-1")
    for path, size in sizes.items():
        assert path.stat().st_size >= size, path
    for path in canaries:
        assert path.read_text() == TEXT
    assert fleet.run("find /var/log -type f -size +0", on="db-1").out == ""


def test_the_machines_processes_can_be_neither_seen_nor_killed(fleet):
    canary = subprocess.Popen(["sleep", "600"])
    try:
        others = {psutil.Process().pid, canary.pid, fleet.process.pid}
        for pid in others:
            assert fleet.run(f"kill -9 {pid}").code != 0
        table = fleet.run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '").out
        assert "pytest" not in table
        assert "sleep 600" not in table
        fleet.kill_all(on="app-1")
        assert canary.poll() is None
        assert fleet.process.poll() is None
        assert fleet.run("echo still here", on="app-1").out == "still here\n"
    finally:
        canary.kill()
        canary.wait()


def test_the_machines_environment_is_nowhere(fleet):
    result = fleet.run("cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'; env")
    assert "PATH=" in result.out
    assert SECRET not in result.out
    assert str(fleet.folder) not in result.out


def test_the_machines_network_is_out_of_reach(fleet, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        path = f"{tempfile.gettempdir()}/canary-{os.getpid()}.socket"
        local.bind(path)
        local.listen()
        try:
            result = fleet.python(f"""
import socket
for family, address in [
    (socket.AF_INET, ("127.0.0.1", {server.getsockname()[1]})),
    (socket.AF_INET, ("127.0.0.1", {fleet.servers["db-1"]["port"]})),
    (socket.AF_INET, ("192.0.2.1", 80)),
    (socket.AF_UNIX, "{path}"),
]:
    with socket.socket(family) as client:
        client.settimeout(5)
        try:
            client.connect(address)
            print("reached", address)
        except OSError as error:
            print("no way:", error.strerror)
""")
        finally:
            Path(path).unlink()
    assert result.out.count("no way") == 4, result
    assert fleet.run("cat /proc/net/dev | grep -c :").out == "1\n"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_way_out_by_tools(fleet, attempt):
    assert fleet.run(ATTEMPTS[attempt]).code != 0


def test_no_way_out_by_system_calls(fleet):
    result = fleet.python(CALLS % fleet.process.pid)
    assert (result.code, result.out) == (0, ""), result


def test_the_first_processs_root_is_the_worlds_own(fleet):
    result = fleet.run("ls /proc/1/root/ /proc/1/cwd/; cat /proc/1/root/etc/hostname")
    assert "web-1" in result.out
    assert fleet.run(f"ls /proc/1/root{PROJECT}/pyproject.toml").code != 0
    assert fleet.run("cd /proc/1/root/../../.. && ls old new").code != 0


def test_the_world_has_no_rights_left(fleet):
    status = fleet.run("cat /proc/self/status").out
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["NoNewPrivs"] == "1"
    assert fields["CapEff"] == fields["CapBnd"] == "000000000000043b"
    assert fields["Uid"].split() == ["0"] * 4


def test_what_is_root_inside_is_nobody_outside(fleet):
    inside = [one for one in fleet.family() if "/opt/demo/lib" in " ".join(one.cmdline())]
    assert len(inside) >= 3
    assert all(0 not in one.uids() for one in inside)


def test_no_descriptor_leads_out(fleet):
    result = fleet.run("readlink /proc/1/fd/* /proc/self/fd/*")
    for target in result.out.split():
        assert target.startswith(("socket:", "pipe:", "anon_inode:", "/dev/null", "/proc/"))
    # A socket of the machine's network could be turned towards any of its services.
    assert fleet.run("grep -c . /proc/1/net/tcp").out.strip().isdecimal()
    kinds = fleet.python("""
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
handle = libc.syscall(434, 1, 0)
for number in map(int, os.listdir("/proc/1/fd")):
    copy = libc.syscall(438, handle, number, 0)
    if copy >= 0 and os.readlink(f"/proc/self/fd/{copy}").startswith("socket"):
        print(socket.socket(fileno=copy).family.name)
""")
    assert set(kinds.out.split()) <= {"AF_UNIX"}


def test_a_fork_bomb_is_bounded_and_survived(fleet):
    assert fleet.answers("f() { f | f & }; f >/dev/null 2>&1; sleep 1", on="app-1") == ""
    assert len(fleet.family()) < 700
    assert fleet.run("echo 3", on="web-1").out == "3\n"
    eventually(lambda: fleet.answers("systemctl is-active orders-api", on="app-1") == "active\n")
    eventually(lambda: len(fleet.family()) < 150)


def test_a_full_disk_stays_inside(fleet):
    filled = fleet.run("head -c 1000000000 /dev/zero >/var/tmp.fill; wc -c </var/tmp.fill")
    assert int(filled.out) < 60_000_000
    many = fleet.run(
        "cd /tmp; i=0; while [ $i -lt 9000 ] && true >f$i; do i=$((i+1)); done; echo $i"
    )
    assert int(many.out) < 8200
    fleet.run("rm -f /var/tmp.fill /tmp/f*")
    assert fleet.run("systemctl is-active sessions").out == "active\n"


def test_memory_is_bounded(fleet):
    assert "MemoryError" in fleet.python("bytearray(2 << 30)").err
