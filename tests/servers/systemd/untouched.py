"""Whether anything has changed on a server: its files and its processes, before and after."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.systemd.machines import SystemdMachine

# Everything but what an ssh login, the journal and the clock change by themselves; of other logs
# all but what is appended.
_FILES = r"""
find / /tmp /run /dev/shm -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run/systemd \
    -o -path /run/user -o -path /run/motd.dynamic -o -path /var/log/journal \
    -o -path /var/lib/systemd \) -prune -o -path /run -o \
    -path '/var/log/*' -printf '%p %y %m %U:%G %i %l\0' -o \
    -printf '%p %y %s %m %U:%G %i %T@ %C@ %l\0' |
    LC_ALL=C sort -zu | tr '\0' '\n' | cat -v
"""

# A process is told by its pid and its start time (field 22 of /proc/<pid>/stat, see proc(5)). Left
# out are this look itself, the sshd of a login, and the systemd that each user gets at a login.
_PROCESSES = r"""
for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    stat=$(cat "$folder/stat" 2>/dev/null) || continue
    set -- ${stat##*) }
    [ "$pid" != $$ ] && [ "$2" != $$ ] || continue
    start=${20} text=$(tr '\0\n' '  ' 2>/dev/null <"$folder/cmdline")
    case "$(cat "$folder/cgroup" 2>/dev/null) $text" in
    */user@*.service/* | */user.slice/*"sshd: "*) continue ;;
    esac
    # It shows how many log in at the moment.
    printf '%s\n' "$pid $start ${text% \[listener\]*}"
done
"""
_LOOKS_APART = 0.2  # seconds; what lives shorter is a login's, or systemd's own business
_PATIENCE = 5.0  # seconds in which a login's processes end


def files(machine: SystemdMachine) -> list[str]:
    """Return its files with all that a change of one would change."""
    return machine.run("sh", "-c", _FILES).stdout.splitlines()


def processes(machine: SystemdMachine) -> set[str]:
    """Return its processes but those of a login: "pid, start time, command line"."""

    def look() -> set[str]:
        return set(machine.run("sh", "-c", _PROCESSES).stdout.splitlines())

    first = look()
    time.sleep(_LOOKS_APART)
    return first & look()


@contextmanager
def untouched(machine: SystemdMachine) -> Iterator[None]:
    """Check that whatever is done meanwhile changes no file and no process of the server."""
    before, living = files(machine), processes(machine)
    yield
    assert files(machine) == before
    deadline = time.monotonic() + _PATIENCE
    while (now := processes(machine)) != living:
        assert time.monotonic() < deadline, now ^ living
