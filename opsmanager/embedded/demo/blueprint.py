"""What makes a demo server: what it is called, what it holds, what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsmanager.embedded.demo.inside.contents import Contents, LogFile

_ACCOUNTS = """\
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
_GROUP = "root:x:0:\nnogroup:x:65534:\n"
_OS_RELEASE = """\
PRETTY_NAME="OpsManager demo server"
NAME="OpsManager demo"
ID=opsmanager-demo
VERSION_ID="1"
"""
_UNIT = """\
[Unit]
Description={description}
After=network.target

[Service]
Type=simple
ExecStart=/opt/demo/bin/service {name} {arguments}
{restart}
[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A unit of a demo server that runs a small service of ours."""

    name: str
    description: str
    arguments: str
    """Of :mod:`opsmanager.embedded.demo.inside.service`, after the name."""
    restarts: bool = True
    """Whether systemd starts it again when it dies."""

    @property
    def unit(self) -> str:
        """Its unit's name."""
        return f"{self.name}.service"

    @property
    def unit_file(self) -> str:
        """The unit file's text."""
        return _UNIT.format(
            name=self.name,
            description=self.description,
            arguments=self.arguments,
            restart="Restart=on-failure\nRestartSec=1\n" if self.restarts else "",
        )


@dataclass(frozen=True, kw_only=True)
class Incident:
    """What a monitoring system would have reported."""

    title: str
    severity: str
    labels: Mapping[str, str]
    description: str


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """One demo server."""

    name: str
    description: str
    services: tuple[Service, ...]
    environment: str = "demo"
    files: Mapping[str, str] = field(default_factory=dict)
    """Text by path."""
    logs: tuple[LogFile, ...] = ()
    log_megabytes: int = 32
    """Size of the file system at /var/log."""
    killed: tuple[str, ...] = ()
    """Units that died before anybody looked."""
    incident: Incident | None = None

    def contents(self) -> Contents:
        """Return what its world holds when it begins."""
        common = {
            "/etc/passwd": _ACCOUNTS,
            "/etc/group": _GROUP,
            "/etc/hostname": f"{self.name}\n",
            "/etc/hosts": f"127.0.0.1 localhost {self.name}\n",
            "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
            "/etc/os-release": _OS_RELEASE,
        }
        units = {f"/etc/systemd/system/{one.unit}": one.unit_file for one in self.services}
        return Contents(
            files=common | units | dict(self.files),
            logs=self.logs,
            units=tuple(one.unit for one in self.services),
            killed=self.killed,
        )
