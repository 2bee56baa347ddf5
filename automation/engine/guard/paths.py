"""Which paths a server can't do without, however they are spelled."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from automation.engine.guard.names import names

_GLOB = re.compile(r"[*?\[]")
_ALL_OF_IT = re.compile(r"^(?=.*[*?])[*?.\[\]!^]+$|^\[[!^].*\]\*?$")

# Nothing at or below these is a thing to remove or to write over.
_TREES = names(
    """
    /bin /sbin /lib /lib32 /lib64 /libx32 /boot /dev /proc /sys /usr/bin /usr/sbin
    /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /var/lib/dpkg /var/lib/rpm /var/lib/pacman
    /var/spool/cron /etc/pam.d /etc/sudoers.d /etc/ssh /root/.ssh ~/.ssh
    """
)
# Things of their own in a place where one may clean up.
_FREE = names(
    """
    /tmp/* /var/tmp/* /var/cache/* /dev/shm/* /dev/null /dev/stdout /dev/stderr /dev/fd/*
    /dev/tty /dev/std* /proc/self/fd/* ~/.ssh/known_hosts /root/.ssh/known_hosts
    /home/*/.ssh/known_hosts
    """
)
# Settings of the running kernel that one may change; those of the rest are dangerous.
_SETTINGS = names(
    """
    /proc/sys/vm /proc/sys/net /proc/sys/fs /proc/sys/user /sys/kernel/mm /sys/block/*/queue
    /sys/fs/cgroup /sys/devices/system/cpu/*/cpufreq /sys/class/leds /sys/class/net/*/queues
    /proc/self/oom_score_adj /proc/*/oom_score_adj /dev/shm /proc/irq
    """
)
_ETC = names(
    """
    ssh pam.d sudoers.d systemd network netplan ssl security apt default init.d cron.d
    cron.daily cron.hourly cron.weekly cron.monthly passwd shadow group gshadow sudoers
    fstab profile profile.d ld.so.conf.d kubernetes alternatives udev sysconfig
    yum.repos.d selinux dpkg rc.d skel postgresql mysql docker letsencrypt X11 logrotate.d
    NetworkManager hosts resolv.conf grub.d modprobe.d
    """
)
_STATE = names(
    """
    postgresql mysql mariadb docker containerd dpkg rpm apt systemd kubelet etcd mongodb
    redis pacman libvirt elasticsearch ceph rabbitmq cassandra influxdb grafana prometheus
    NetworkManager
    """
)
_LOGS = names(
    """
    audit journal auth.log* wtmp* btmp* lastlog* secure* syslog* messages* faillog*
    """
)
_FILES = names(
    """
    /etc/passwd /etc/passwd- /etc/shadow /etc/shadow- /etc/group /etc/gshadow /etc/sudoers
    /etc/fstab /etc/ld.so.preload /etc/ld.so.cache /etc/crontab /etc/inittab /etc/profile
    /etc/bash.bashrc /etc/securetty /etc/nsswitch.conf /etc/login.defs /etc/machine-id
    /etc/default/grub /etc/shells /etc/ld.so.conf /etc/environment /etc/subuid /etc/subgid
    /etc/hosts.deny ~/.bash_history ~/.ssh/authorized_keys /home/*/.ssh/authorized_keys
    /root/.bash_history /root/.bashrc /root/.profile /etc/cron.d/* /etc/cron.daily/*
    /etc/cron.hourly/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/profile.d/*
    /var/log/auth.log /var/log/wtmp /var/log/btmp /var/log/lastlog /var/log/secure
    /var/log/syslog /var/log/messages /var/log/audit/* /home/*/.bash_history
    /etc/udev/rules.d/* /etc/rc.local /etc/nologin /run/nologin /var/run/nologin
    /etc/selinux/config /etc/security/* /etc/hosts.allow /root/.zsh_history /home/*/.zsh_history
    ~/.zsh_history /etc/audit/* /etc/audit/rules.d/*
    /etc/ld.so.conf.d/* /etc/kernel/* /etc/initramfs-tools/* /etc/dracut.conf
    /etc/gshadow- /etc/group- /etc/crypttab /etc/mdadm/mdadm.conf /etc/apt/trusted.gpg.d/*
    /home/*/.ssh/* ~/.ssh/* /etc/anacrontab /etc/at.deny /etc/cron.deny /etc/cron.allow
    /var/spool/at/* /var/log/faillog /var/log/kern.log /var/log/journal/*
    /var/run/utmp /run/utmp /etc/skel/.bashrc /etc/zsh/zshrc /etc/pam.conf /etc/doas.conf
    """
)
# At the top of the file system, and homes: themselves, or all that is in them.
_TOP = names(
    """
    /etc /home /media /mnt /opt /root /run /srv /tmp /usr /var /snap /data /backup /backups /nix
    /export /lost+found /.* ~ /usr/* /home/* /root/.*
    """
)
# Their contents may go, they themselves not.
_EMPTIED = names("/tmp /var/tmp /var/cache")  # noqa: S108 - to compare with
# Whose contents may not go either.
_KEPT = names("/var/lib /var/log /var/spool /var/mail /var/backups /var/www /var/run /var/db")
_BASE = frozenset(names("/ /etc /usr /var /root ~ /home /var/lib /var/log /usr/share"))
_SECRETS = [
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/ssh/ssh_host_*_key",
    "~/.ssh/id_*",
    "~/.ssh",
    "/root/.ssh",
    "/home/*/.ssh",
    "/home/*/.ssh/id_*",
    "/root/.ssh/id_*",
]
_DEVICES = re.compile(
    r"^/dev/(?!null$|zero$|full$|stdin$|stdout$|stderr$|tty$|fd/|shm/|log$|pts/|random$|urandom$)"
)


# Characters that nobody sees: they make a name look like another one.
_HIDDEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_DETOUR = re.compile(r"^/proc/(?:self|thread-self|\d+|\*|\[[^/]*)/(?:root|cwd)(?:/|$)")
_BLOCK = re.compile(
    r"^/dev/(?:[shv]d[a-z*?\[]|xvd|nvme|mmcblk|md[\d*?/]|dm-|mapper/|disk/|loop\d|mtd|nbd|rbd|zvol|"
    r"drbd|bcache|sr\d|block/|root$|mem$|kmem$|port$|zd\d|pmem|ram\d|st\d|cciss/|"
    r"(?!pts/|shm/|net/|fd/|input/|snd/|bus/|dri/|cpu/|mqueue/|hugepages/|serial/|char/|vfio/|"
    r"usb/|tcp/|udp/)[\w.-]+/[\w.-]+$)"
)


def normal(path: str, at: str = "") -> str:
    """Return a path without ``.``, ``..``, doubled slashes; a relative one as seen from ``at``.

    A detour through the processes' own view of the root is taken out.
    """
    path = _HIDDEN.sub("", re.sub(r"^~[\w.-]+", "~", path))
    if not path.startswith(("/", "~", "\0")) and at:
        path = f"{at}/{path}"
    lead = "/" if path.startswith("/") else ""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            lead = "/" if parts == ["~"] else lead
            parts = ["home"] if parts == ["~"] else parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    made = lead + "/".join(parts)
    return _DETOUR.sub("/", made) if made.startswith("/proc/") else made


def is_place(path: str) -> bool:
    """Whether removing this with all that is in it takes away what the server needs."""
    if _is_free(path):
        return False
    above, _, last = path.rpartition("/")
    whole = [path, *([above or "/"] if _ALL_OF_IT.match(last) else [])]
    return any(
        one == "/"
        or _within(one, _TREES)
        or _matches(one, _TOP)
        or (one.startswith("/\0") and one.count("/") == 1)
        or (one.count("/") == 2 and one.startswith("/var/") and (one == path or one in _KEPT))
        or _matches(one, [f"/etc/{name}" for name in _ETC])
        or _matches(one, [f"/var/lib/{name}" for name in _STATE])
        or _matches(one, [f"/var/log/{name}" for name in _LOGS])
        for one in whole
        if one == path or one not in _EMPTIED
    )


def is_core(path: str) -> bool:
    """Whether nothing may be sought out and removed from here, by whatever test."""
    return path in ("/", "/etc", "/usr") or _within(path, _TREES) or _is_vital(path)


def _is_vital(path: str) -> bool:
    """Whether it is one of the folders in ``/etc`` that the system can't do without."""
    return path.startswith("/etc/") and _within(path, [f"/etc/{name}" for name in _ETC])


def is_file(path: str) -> bool:
    """Whether writing to this file, or removing it, breaks the server or opens it."""
    return not _is_free(path) and (_matches(path, _FILES) or _within(path, _TREES))


def is_secret(path: str) -> bool:
    """Whether the file must not leave the server."""
    return _matches(path, _SECRETS)


def is_device(path: str) -> bool:
    """Whether it is a device that holds data or memory."""
    return bool(_DEVICES.match(path))


def is_block(path: str) -> bool:
    """Whether it is a disk, a part of one, a volume, or memory: not a terminal or the like."""
    return bool(_BLOCK.match(path))


def is_base(path: str) -> bool:
    """Whether it is a folder that the system itself lives in, or lies in one."""
    return path in _BASE or is_file(path) or _within(path, _TREES)


def _is_free(path: str) -> bool:
    return _matches(path, _FREE) or (_within(path, _SETTINGS) and not _matches(path, _SETTINGS[:3]))


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(_is_like(path, pattern) for pattern in patterns)


def _within(path: str, trees: Sequence[str]) -> bool:
    parts = path.split("/")
    return any(_is_like("/".join(parts[: tree.count("/") + 1]), tree) for tree in trees)


def _is_like(path: str, pattern: str) -> bool:
    """Compare part by part; either side may hold wildcards, which never match a slash."""
    ours, theirs = path.split("/"), pattern.split("/")
    return len(ours) == len(theirs) and all(
        bool(one) == bool(other)
        and (fnmatchcase(one, other) or (bool(_GLOB.search(one)) and fnmatchcase(other, one)))
        for one, other in zip(ours, theirs, strict=True)
    )
