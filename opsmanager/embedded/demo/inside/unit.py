"""A unit as ``systemctl`` shows it: joins its file, its process and its record."""

import os
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from systemctl2 import systemctl as replacement

from opsmanager.embedded.demo.inside import unit_record
from opsmanager.embedded.demo.inside.unit_record import UnitRecord

NEVER = ""


def load(names: list[str]) -> list["Unit"]:
    """Return the units of these names; ``.service`` is meant where no kind is named."""
    control = replacement.Systemctl()
    # It forgets states older than the machine's start, which it reckons from clocks that may
    # have been set since. The states here never outlive their world.
    control._boottime = 0.0  # noqa: SLF001
    return [Unit(control, name if "." in name else f"{name}.service") for name in names]


def load_all() -> list["Unit"]:
    """Return every unit that has a file in the administrator's folder."""
    names = (path.name for path in unit_record.UNIT_FOLDER.glob("*.service"))
    return load(sorted(names))


class Unit:
    """One unit, at this moment."""

    def __init__(self, control: replacement.Systemctl, name: str) -> None:
        self.name = name
        self._control = control
        self._conf = control.unitfiles.load_conf(name)
        self.record = UnitRecord.read(name)

    @property
    def exists(self) -> bool:
        """Whether there is such a unit."""
        return self._conf is not None

    @property
    def file(self) -> str:
        """Path of its unit file; empty where it does not exist."""
        return str(self._conf.filename() or "") if self._conf else ""

    @property
    def description(self) -> str:
        """What the unit file says it is."""
        return self._setting("Description", section="Unit") or self.name

    @cached_property
    def main_pid(self) -> int:
        """Its main process, while that lives; else 0."""
        pid = self._control.read_mainpid_from(self._conf) if self._conf else None
        if not pid or not replacement.pid_exists(pid) or replacement.pid_zombie(pid):
            return 0
        return int(pid)

    @cached_property
    def states(self) -> tuple[str, str]:
        """ActiveState and SubState."""
        if self.main_pid:
            return "active", "running"
        if self.record.waiting:
            return "activating", "auto-restart"
        known = self._control.get_active_from(self._conf) if self._conf else "inactive"
        if known == "failed" or (known == "active" and not self._is_oneshot):
            return "failed", "failed"
        if known == "active":
            return "active", "exited"
        return "inactive", "dead"

    @property
    def active_state(self) -> str:
        """Such as ``active``, ``failed``."""
        return self.states[0]

    @property
    def since(self) -> str:
        """When its main process began, as systemd writes times; empty where none lives."""
        if not self.main_pid:
            return NEVER
        began = datetime.fromtimestamp(Path(f"/proc/{self.main_pid}").stat().st_mtime, UTC)
        return began.strftime("%a %Y-%m-%d %H:%M:%S UTC")

    def properties(self) -> dict[str, str]:
        """Return what ``systemctl show`` says, in its order."""
        failed = self.active_state == "failed"
        result = self.record.result if self.record.failed else "exit-code"
        code = self.record.code
        return {
            "Type": self._setting("Type") or "simple",
            "Restart": self._setting("Restart") or "no",
            "MainPID": str(self.main_pid),
            "ControlPID": "0",
            "Result": result if failed else "success",
            "NRestarts": str(self.record.restarts),
            "ExecMainStartTimestamp": self.since,
            "ExecMainPID": str(self.main_pid or self.record.pid),
            "ExecMainCode": "0" if self.main_pid or not code else "2" if code < 0 else "1",
            "ExecMainStatus": "0" if self.main_pid else str(abs(code)),
            "Id": self.name,
            "Names": self.name,
            "Description": self.description,
            "LoadState": "loaded" if self.exists else "not-found",
            "ActiveState": self.active_state,
            "SubState": self.states[1],
            "FragmentPath": self.file,
            "UnitFileState": self.file_state,
            "ActiveEnterTimestamp": self.since,
            "CanStart": "yes" if self.exists else "no",
            "CanStop": "yes" if self.exists else "no",
            "CanReload": "yes" if self._setting("ExecReload") else "no",
            "NeedDaemonReload": "no",
        }

    @property
    def _is_oneshot(self) -> bool:
        return self._setting("Type") == "oneshot" or self._setting("RemainAfterExit") == "yes"

    def _setting(self, name: str, section: str = "Service") -> str:
        return str(self._conf.get(section, name, "") or "") if self._conf else ""

    @property
    def file_state(self) -> str:
        """Whether it starts by itself: ``enabled``, ``disabled``, ..."""
        return str(self._control.enabled_from(self._conf) or "") if self._conf else ""

    def command_line(self) -> str:
        """Return the main process's command line; empty where none lives."""
        try:
            words = Path(f"/proc/{self.main_pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return ""
        return os.fsdecode(b" ".join(words).strip())
