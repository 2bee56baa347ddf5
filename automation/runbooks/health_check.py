"""Look at a server's vital signs at once and say plainly which are bad."""

from collections.abc import Callable
from functools import partial
from typing import Any

from automation.engine import (
    Category,
    CommandFailed,
    CommandTimedOut,
    Param,
    Percent,
    Port,
    Run,
    Runbook,
    Shell,
    SystemdUnit,
    Url,
    step,
)
from automation.runbooks.readings import (
    cores_in,
    file_systems_in,
    http_status_in,
    listening_ports_in,
    load_in,
    memory_percent_in,
)

Check = dict[str, Any]
"""One check as the result holds it: name, value, threshold, unit, ok, message."""

_URL_SECONDS = 10
_GOOD_STATUS = range(200, 400)
_DF_SECONDS = 20
_NOT_FOUND = 127
_NOT_SYSTEMD = "not been booted with systemd"


class HealthCheck(Runbook):
    """Check load, memory, disks, failed units, services, ports and web addresses.

    Use it first, when an incident comes in: it changes nothing and tells what is wrong. It
    succeeds when it could look, also where what it saw is bad; its summary and its result's
    "healthy" say which. Not a replacement for monitoring: it sees one moment.
    """

    id = "HEALTH_CHECK"
    title = "Check the health of a server"
    category = Category.INCIDENT_RESPONSE
    changes = False
    idempotent = True
    default_cooldown_minutes = 0
    estimated_seconds = 5

    services: tuple[SystemdUnit, ...] = Param(
        (),
        help="Units that must be active, such as nginx.service",
        labels=("unit", "service", "systemd_unit"),
        suggests="units",
        max_length=50,
    )
    ports: tuple[Port, ...] = Param(
        (), help="TCP ports that something must listen on", labels=("port",), max_length=50
    )
    urls: tuple[Url, ...] = Param(
        (),
        help="Web addresses that must answer, fetched from the server itself",
        labels=("url", "instance_url"),
        max_length=20,
    )
    disk_percent_max: Percent = Param(90, unit="%", help="How full a file system may be")
    inode_percent_max: Percent = Param(
        90, unit="%", help="How many of a file system's inodes may be in use"
    )
    load_per_core_max: float = Param(
        4, gt=0, le=1000, help="How high the load of the last minute may be for each core"
    )
    memory_percent_max: Percent = Param(95, unit="%", help="How much of the memory may be in use")

    @step("Check everything at once")
    def check(self, run: Run) -> None:
        """Read all vital signs in parallel; one that can't be read is a failed check."""
        client = self._web_client(run) if self.urls else ""
        looks: list[tuple[str, Callable[[Run], list[Check]]]] = [
            ("load", self._load),
            ("memory", self._memory),
            ("disks", self._disks),
            ("inodes", self._inodes),
            ("failed units", self._failed_units),
            *((f"service {unit}", partial(_service, unit)) for unit in self.services),
            *([("ports", self._ports)] if self.ports else []),
            *((f"url {url}", partial(_url, url, client)) for url in self.urls),
        ]
        found = run.parallel(*(partial(_look, name, look) for name, look in looks))
        checks = [check for checks in found for check in checks]
        run.data["checks"] = checks
        # By where they are mounted, so that a condition of a workflow can name one.
        run.data["disks"] = {
            check["name"].removeprefix("disk "): check["value"]
            for check in checks
            if check["name"].startswith("disk ")
        }

    @step("Sum up")
    def sum_up(self, run: Run) -> None:
        """Tell the truth in one sentence."""
        checks: list[Check] = run.data["checks"]
        failed = [check for check in checks if not check["ok"]]
        for check in failed:
            run.note(check["message"])
        run.result.update(healthy=not failed, checks=checks, disks=run.data["disks"])
        if run.data["disks"]:
            # Missing rather than 0 where none could be read: nobody takes that for room enough.
            run.result["fullestDiskPercent"] = max(run.data["disks"].values())
        told = "; ".join(check["message"].rstrip(".") for check in failed)
        run.summary = (
            f"{len(failed)} of {len(checks)} checks failed: {told}."
            if failed
            else f"All {len(checks)} checks passed."
        )

    def _load(self, run: Run) -> list[Check]:
        load = load_in(run.read("cat", "/proc/loadavg").stdout)
        per_core = round(load / cores_in(run.read("nproc").stdout), 2)
        return [
            _check(
                "load per core",
                per_core,
                self.load_per_core_max,
                ok=per_core <= self.load_per_core_max,
                message=f"The load per core is {per_core:g} (at most {self.load_per_core_max:g}).",
            )
        ]

    def _memory(self, run: Run) -> list[Check]:
        used = memory_percent_in(run.read("cat", "/proc/meminfo").stdout)
        most = self.memory_percent_max
        message = f"{used:g} % of the memory is in use (at most {most} %)."
        return [_check("memory", used, most, unit="%", ok=used <= most, message=message)]

    def _disks(self, run: Run) -> list[Check]:
        return self._usage(run, "disk", ("-P", "-T", "-l"), self.disk_percent_max)

    def _inodes(self, run: Run) -> list[Check]:
        return self._usage(run, "inodes", ("-P", "-i", "-T", "-l"), self.inode_percent_max)

    def _usage(self, run: Run, name: str, options: tuple[str, ...], most: int) -> list[Check]:
        # df ends with 1 when it may not look into one of many file systems.
        shown = run.read("df", *options, timeout=_DF_SECONDS, ok=(0, 1)).stdout
        found = file_systems_in(shown)
        if not found:
            run.note(f"df tells of no file system to check ({name}).")
        what = "space" if name == "disk" else "inodes"
        return [
            _check(
                f"{name} {place}",
                used,
                most,
                unit="%",
                ok=used <= most,
                message=f"{used} % of the {what} of {place} is in use (at most {most} %).",
            )
            for place, used in found
        ]

    def _failed_units(self, run: Run) -> list[Check]:
        listed = run.read(
            "systemctl",
            "list-units",
            "--state=failed",
            "--plain",
            "--no-legend",
            "--no-pager",
            ok=None,
        )
        if listed.exit_code == _NOT_FOUND or _NOT_SYSTEMD in listed.stderr:
            run.note("systemd does not run this server, so failed units are not looked for.")
            return []
        if not listed.ok:
            raise ValueError(listed.stderr.strip() or "systemctl failed without a word")
        units = [line.split()[0] for line in listed.stdout.splitlines() if line.strip()]
        told = f"Failed units: {', '.join(units)}." if units else "No unit has failed."
        return [_check("failed units", len(units), 0, ok=not units, message=told)]

    def _ports(self, run: Run) -> list[Check]:
        # Without IPv6 there is no tcp6, and cat ends with 1.
        table = run.read("cat", "/proc/net/tcp", "/proc/net/tcp6", ok=(0, 1)).stdout
        listening = listening_ports_in(table)
        return [
            _check(
                f"port {port}",
                "listening" if port in listening else "closed",
                "listening",
                ok=port in listening,
                message=f"{'A' if port in listening else 'No'} program listens on port {port}.",
            )
            for port in self.ports
        ]

    def _web_client(self, run: Run) -> str:
        """Return ``curl`` or ``wget``, whichever the server has; empty where it has neither."""
        found = run.read(Shell("command -v curl || command -v wget"), ok=None).stdout
        return found.strip().rpartition("/")[2]


def _check(
    name: str,
    value: float | str | None,
    threshold: float | str | None,
    *,
    ok: bool,
    message: str,
    unit: str = "",
) -> Check:
    return {
        "name": name,
        "value": value,
        "threshold": threshold,
        "unit": unit,
        "ok": ok,
        "message": message,
    }


def _look(name: str, look: Callable[[Run], list[Check]], run: Run) -> list[Check]:
    """Look; what can't be read is a failed check and not the end of all others."""
    try:
        return look(run)
    except (CommandFailed, CommandTimedOut, ValueError) as error:
        message = f"Could not check {name}: {str(error).rstrip('.')}."
        return [_check(name, None, None, ok=False, message=message)]


def _service(unit: str, run: Run) -> list[Check]:
    state = run.read("systemctl", "is-active", unit, ok=None).stdout.strip() or "unknown"
    ok = state == "active"
    message = f"{unit} is {state}."
    return [_check(f"service {unit}", state, "active", ok=ok, message=message)]


def _url(url: str, client: str, run: Run) -> list[Check]:
    if not client:
        message = f"Could not fetch {url}: the server has neither curl nor wget; install one."
        return [_check(f"url {url}", None, None, ok=False, message=message)]
    fetched = run.read(*_fetch(url, client), timeout=2 * _URL_SECONDS, ok=None)
    # curl tells the status on its standard output, wget among the headers on the other.
    status = http_status_in(fetched.stdout if client == "curl" else fetched.stderr)
    ok = status in _GOOD_STATUS
    if status:
        message = f"{url} answers {status}."
    else:
        lines = fetched.stderr.strip().splitlines() or [f"exit code {fetched.exit_code}"]
        message = f"{url} does not answer: {lines[-1].strip().rstrip('.')}."
    return [
        _check(f"url {url}", status, _GOOD_STATUS.stop - 1, unit="HTTP", ok=ok, message=message)
    ]


def _fetch(url: str, client: str) -> tuple[str, ...]:
    seconds = str(_URL_SECONDS)
    if client == "wget":
        return ("wget", "-S", "-O", "/dev/null", "-T", seconds, "-t", "1", "--", url)
    return (
        "curl",
        "--silent",
        "--show-error",
        "--location",
        "--globoff",
        "--max-time",
        seconds,
        "--output",
        "/dev/null",
        "--write-out",
        "HTTP %{http_code}",
        "--url",
        url,
    )
