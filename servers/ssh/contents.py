"""Tells what a server has of which people name one: its units, file systems and programs."""

import re
from collections import defaultdict
from typing import Final

from servers.ssh import script
from servers.ssh.connection import connect
from servers.ssh.target import Target
from servers.ssh.watch import Watch

MOST: Final = 500
"""How many of a kind are told."""

Contents = dict[str, list[tuple[str, str]]]
"""By kind (``units``, ``file-systems``, ``processes``), each name with a few words on it. A kind
that the server can't tell of is left out."""

_END: Final = re.compile(r"^== (\d+)\n", re.MULTILINE)
_UNIT_TYPES: Final = (".service", ".socket", ".timer", ".path")
_NO_UNIT_OF_ITS_OWN: Final = ("masked", "alias")
_STATE_FIRST: Final = {"failed": 0, "inactive": 1}
_DF_LINE: Final = re.compile(r".+?\s+([\w.\-]+)\s+[\d-]+\s+[\d-]+\s+[\d-]+\s+(\d+)%\s+(/.*)")
_PSEUDO: Final = frozenset(
    {"devtmpfs", "efivarfs", "iso9660", "proc", "ramfs", "squashfs", "sysfs", "tmpfs"}
)
_KERNEL: Final = "2"
"""The process whose children are threads of the kernel."""
_OURS: Final = ("ps", "sh")


def read_contents(target: Target) -> Contents:
    """Log in, once, and read what the server has.

    Raises ``SshError``, whose message is for people.
    """
    watch = Watch()
    try:
        connection = connect(target, watch)
        try:
            return contents_in(connection.ask(script.load("contents")).stdout)
        finally:
            connection.close()
    finally:
        watch.close()


def contents_in(text: str) -> Contents:
    """Return what the script printed. A part that is missing or failed counts as not told."""
    parted = _END.split(text)
    parts = [*zip(parted[::2], parted[1::2], strict=False), *[("", "1")] * 4]
    (units, units_code), (files, _), (mounts, _), (processes, _) = parts[:4]
    told = {
        "units": _units(units, files) if units_code == "0" else [],
        "file-systems": _file_systems(mounts),
        "processes": _processes(processes),
    }
    return {kind: pairs[:MOST] for kind, pairs in told.items() if pairs}


def _units(units: str, files: str) -> list[tuple[str, str]]:
    states: dict[str, str] = {}
    for line in files.splitlines():
        name, state = (*line.split(), "", "")[:2]
        # Of a template, which ends with @, one can be started under any name.
        if state not in _NO_UNIT_OF_ITS_OWN and "@." not in name:
            states[name] = "inactive"
    for line in units.splitlines():
        name, load, active, sub = (*line.split(), "", "", "", "")[:4]
        if load == "loaded":
            states[name] = active if active == sub else f"{active}, {sub}"
    names = [name for name in states if name.endswith(_UNIT_TYPES) and name.isprintable()]
    names.sort(key=lambda name: (_STATE_FIRST.get(states[name].split(",")[0], 2), name))
    return [(name, states[name]) for name in names]


def _file_systems(text: str) -> list[tuple[str, str]]:
    found: dict[str, int] = {}
    for line in text.splitlines():
        match = _DF_LINE.fullmatch(line.rstrip())
        if match and match[1] not in _PSEUDO and match[3].isprintable():
            found[match[3]] = int(match[2])
    fullest = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(place, f"{percent} % full") for place, percent in fullest]


def _processes(text: str) -> list[tuple[str, str]]:
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for line in text.splitlines():
        pid, parent, share, name = (*line.split(None, 3), "", "", "", "")[:4]
        if name.isprintable() and name not in ("", *_OURS) and _KERNEL not in (pid, parent):
            shares[name.strip()].append(_number(share))
    busiest = sorted(shares.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    return [(name, f"{len(of)} running, {sum(of):.0f} % processor") for name, of in busiest]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
