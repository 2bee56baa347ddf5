"""Reads the numbers out of what Linux and its tools print; raises ``ValueError`` if it can't."""

import re

_PSEUDO = frozenset(
    {
        "autofs", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
        "efivarfs", "fusectl", "hugetlbfs", "iso9660", "mqueue", "nsfs", "proc", "pstore",
        "ramfs", "securityfs", "squashfs", "sysfs", "tracefs",
    }
)  # fmt: skip
"""Types of file systems that hold no data of their own, or are full by design."""

_KERNEL_PLACES = ("/dev/", "/sys/", "/run/")
"""Below these, a file system in memory belongs to the system; elsewhere it may well fill up."""

_DF_LINE = re.compile(
    r"(?P<source>.+?)\s+(?P<type>[\w.\-]+)\s+[\d-]+\s+[\d-]+\s+[\d-]+\s+"
    r"(?P<percent>\d+%|-)\s+(?P<place>/.*)"
)
_LISTEN = "0A"
_HTTP_STATUS = re.compile(r"HTTP(?:/[\d.]+)? (\d{3})")


def load_in(loadavg: str) -> float:
    """Return the load of the last minute from /proc/loadavg."""
    return float(_first_word(loadavg))


def cores_in(nproc: str) -> int:
    """Return the number of cores from nproc's output."""
    return max(1, int(_first_word(nproc)))


def memory_percent_in(meminfo: str) -> float:
    """Return how much of the memory can't be had, in percent, from /proc/meminfo."""
    kib = {
        name: int(_first_word(value))
        for name, _, value in (line.partition(":") for line in meminfo.splitlines() if ":" in line)
    }
    if not kib.get("MemTotal"):
        raise ValueError("/proc/meminfo does not tell how much memory there is")
    # Kernels before 3.14 don't estimate what is available.
    rough = sum(kib.get(name, 0) for name in ("MemFree", "Buffers", "Cached"))
    available = kib.get("MemAvailable", rough)
    return round(100 * (1 - available / kib["MemTotal"]), 1)


def file_systems_in(df: str) -> list[tuple[str, int]]:
    """Return mount point and use in percent of each real file system from ``df -P -T``.

    One without a number (of inodes, on btrfs) is left out.
    """
    lines = [_DF_LINE.fullmatch(line.rstrip()) for line in df.splitlines()]
    real = [line for line in lines if line and _holds_data(line["type"], line["place"])]
    return [(line["place"], int(line["percent"][:-1])) for line in real if line["percent"] != "-"]


def listening_ports_in(table: str) -> set[int]:
    """Return the TCP ports that something listens on from /proc/net/tcp and tcp6."""
    rows = (line.split() for line in table.splitlines())
    return {
        int(row[1].rpartition(":")[2], 16) for row in rows if len(row) > 3 and row[3] == _LISTEN
    }


def http_status_in(output: str) -> int | None:
    """Return the last HTTP status that curl or wget told; ``None`` without an answer."""
    statuses = [int(status) for status in _HTTP_STATUS.findall(output)]
    return statuses[-1] or None if statuses else None


def _holds_data(kind: str, place: str) -> bool:
    return kind not in _PSEUDO and not (kind == "tmpfs" and place.startswith(_KERNEL_PLACES))


def _first_word(text: str) -> str:
    words = text.split()
    if not words:
        raise ValueError("the server printed nothing")
    return words[0]
