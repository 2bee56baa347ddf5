"""Programs that look at something, end, and leave nothing behind.

Such a command may run in a shell that others used before it: none of its output can turn up in
what they print. Whatever else a runbook reads with has a channel of its own; it may start daemons.
"""

from typing import Final

from automation.engine.commands import Command

PLAIN: Final = frozenset(
    {
        *("basename", "cat", "cksum", "cmp", "cut", "date", "df", "diff", "dirname", "du", "file"),
        *("findmnt", "free", "getconf", "getent", "grep", "groups", "head", "hostname", "id"),
        *("ls", "lsblk", "lscpu", "lsof", "md5sum", "mountpoint", "nproc", "pgrep", "pidof"),
        *("printenv", "ps", "pwd", "readlink", "realpath", "sha256sum", "sleep", "ss", "stat"),
        *("tail", "test", "true", "uname", "uptime", "vmstat", "wc", "who", "whoami"),
    }
)


def is_plain(command: Command) -> bool:
    """Whether a command only reads, by one such program, and is given no input."""
    return not command.changes and not command.stdin and command.words[0] in PLAIN
