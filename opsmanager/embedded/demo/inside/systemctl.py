"""``systemctl`` of a world, so that a runbook written for systemd runs unchanged.

docker-systemctl-replacement reads the unit files, starts and stops the processes. What it answers
differs from systemd in places (states of a unit that died, exit statuses, restart counters, words
of errors), so everything that is asked is answered here.
"""

import argparse
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch

from systemctl2 import systemctl as replacement

from opsmanager.embedded.demo.inside import journal, unit_record
from opsmanager.embedded.demo.inside.unit import Unit, load, load_all
from opsmanager.embedded.demo.inside.unit_record import Job, UnitRecord

# Exit statuses of systemctl(1).
OK, FAILED, NOT_ACTIVE, UNKNOWN, NOT_FOUND = 0, 1, 3, 4, 5

_PATH = "/opt/demo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_RESULT = {"start": "Started", "restart": "Started", "stop": "Stopped", "reload": "Reloaded"}


def main(arguments: list[str]) -> int:
    """Do what ``systemctl ARGUMENT...`` does; return its exit status."""
    # What a caller's session is marked with is not the service's: the real one is a server's child.
    os.environ.clear()
    os.environ.update({"PATH": _PATH, "LANG": "C.UTF-8"})
    logging.getLogger("systemctl").setLevel(logging.CRITICAL + 1)
    options = _parser().parse_intermixed_args(arguments)
    verb = options.words[0] if options.words else "list-units"
    handle = _VERBS.get(verb)
    if handle is not None:
        return handle(options, options.words[1:])
    if verb in _LEFT_TO_REPLACEMENT:
        sys.argv = ["systemctl", *arguments]
        return int(replacement.main() or OK)
    print(f"Unknown command verb {verb}.", file=sys.stderr)
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="systemctl", allow_abbrev=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("-p", "--property", action="append", default=[])
    parser.add_argument("-P", dest="property_value", action="append", default=[])
    parser.add_argument("--state", action="append", default=[])
    parser.add_argument("-s", "--signal", default="SIGTERM")
    parser.add_argument("-n", "--lines", type=int, default=10)
    parser.add_argument("-t", "--type")
    parser.add_argument("-o", "--output")
    parser.add_argument("--kill-who", "--kill-whom")
    for short, name in {"-q": "quiet", "-a": "all", "-l": "full", "-f": "force"}.items():
        parser.add_argument(short, f"--{name}", action="store_true")
    for name in ("value", "no-legend", "no-pager", "plain", "no-block", "now", "failed", "system"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--no-ask-password", action="store_true")
    parser.add_argument("--automatic", action="store_true", help=argparse.SUPPRESS)
    return parser


def _show(options: argparse.Namespace, names: list[str]) -> int:
    wanted = [name for given in options.property for name in given.split(",")]
    wanted += [name for given in options.property_value for name in given.split(",")]
    bare = options.value or bool(options.property_value)
    for number, unit in enumerate(load(names)):
        if number:
            print()
        for name, value in unit.properties().items():
            if (name in wanted) if wanted else (value or options.all):
                print(value if bare else f"{name}={value}")
    return OK


def _is_active(options: argparse.Namespace, names: list[str]) -> int:
    units = load(names)
    if not options.quiet:
        print("\n".join(unit.active_state for unit in units))
    if any(unit.active_state == "active" for unit in units):
        return OK
    return NOT_ACTIVE if any(unit.exists for unit in units) else UNKNOWN


def _is_failed(options: argparse.Namespace, names: list[str]) -> int:
    units = load(names)
    if not options.quiet:
        print("\n".join(unit.active_state for unit in units))
    return OK if any(unit.active_state == "failed" for unit in units) else FAILED


def _list_units(options: argparse.Namespace, names: list[str]) -> int:
    states = {state for given in options.state for state in given.split(",")}
    states |= {"failed"} if options.failed else set()
    units = [unit for unit in load_all() if not names or unit.name in names]
    if states:
        units = [unit for unit in units if states & {"loaded", *unit.states}]
    elif not options.all:
        units = [unit for unit in units if unit.active_state != "inactive"]
    if not options.no_legend:
        print("  UNIT LOAD ACTIVE SUB DESCRIPTION")
    for unit in units:
        mark = "" if options.plain else "● " if unit.active_state == "failed" else "  "
        print(f"{mark}{unit.name} loaded {' '.join(unit.states)} {unit.description}")
    if not options.no_legend:
        print(f"{len(units)} loaded units listed.")
    return OK


def _list_unit_files(options: argparse.Namespace, names: list[str]) -> int:
    found = [unit for unit in load_all() if any(fnmatch(unit.name, n) for n in names or ["*"])]
    if not options.no_legend:
        print("UNIT FILE STATE PRESET")
    for unit in found:
        print(f"{unit.name} {unit.file_state} enabled")
    if not options.no_legend:
        print(f"\n{len(found)} unit files listed.")
    return OK if found or not names else FAILED


def _status(options: argparse.Namespace, names: list[str]) -> int:
    worst = OK
    for unit in load(names):
        if not unit.exists:
            print(f"Unit {unit.name} could not be found.", file=sys.stderr)
            worst = max(worst, UNKNOWN)
            continue
        worst = max(worst, OK if unit.active_state == "active" else NOT_ACTIVE)
        active, sub = unit.states
        print(f"{'×' if active == 'failed' else '●'} {unit.name} - {unit.description}")  # noqa: RUF001
        print(f"     Loaded: loaded ({unit.file})")
        since = f" since {unit.since}" if unit.since else ""
        why = f" (Result: {unit.record.result})" if active == "failed" else f" ({sub})"
        print(f"     Active: {active}{why}{since}")
        if unit.main_pid:
            print(f"   Main PID: {unit.main_pid}")
            print(f"             {unit.command_line()}")
        print()
        for entry in list(journal.read(unit.name))[-options.lines :]:
            print(entry.show(options.output or "short"))
    return worst


def _cat(_: argparse.Namespace, names: list[str]) -> int:
    units = load(names)
    for unit in units:
        if not unit.exists:
            print(f"No files found for {unit.name}.", file=sys.stderr)
            continue
        with open(unit.file, encoding="utf-8") as file:  # noqa: PTH123  pathlib costs a start
            print(f"# {unit.file}\n{file.read()}", end="")
    return OK if all(unit.exists for unit in units) else FAILED


def _reset_failed(_: argparse.Namespace, names: list[str]) -> int:
    units = load(names) if names else load_all()
    for unit in units:
        if not unit.exists:
            text = f"Failed to reset failed state of unit {unit.name}: Unit {unit.name} not loaded."
            print(text, file=sys.stderr)
            return FAILED
        if unit.active_state == "failed":
            unit_record.forget_main_process(unit.name)
        unit_record.forget(unit.name)
    return OK


def _kill(options: argparse.Namespace, names: list[str]) -> int:
    for unit in load(names):
        if not unit.main_pid:
            text = f"Failed to kill unit {unit.name}: Unit {unit.name} not loaded or not running."
            print(text, file=sys.stderr)
            return FAILED
        name = options.signal.removeprefix("SIG")
        number = int(name) if name.isdecimal() else signal.Signals[f"SIG{name}"]
        os.kill(unit.main_pid, number)
    return OK


def _changing(verb: str) -> Callable[[argparse.Namespace, list[str]], int]:
    """Return what does ``start``, ``stop``, ``restart`` or ``reload``."""

    def change(options: argparse.Namespace, names: list[str]) -> int:
        worst = OK
        for unit in load(names):
            if not unit.exists:
                text = f"Failed to {verb} {unit.name}: Unit {unit.name} not found."
                print(text, file=sys.stderr)
                worst = NOT_FOUND
            elif not _change(verb, unit, automatic=options.automatic):
                print(
                    f"Job for {unit.name} failed because the control process exited with error "
                    f'code.\nSee "systemctl status {unit.name}" and "journalctl -xeu {unit.name}" '
                    "for details.",
                    file=sys.stderr,
                )
                worst = worst or FAILED
        return worst

    return change


def _change(verb: str, unit: Unit, *, automatic: bool) -> bool:
    before = unit.record if automatic else UnitRecord()
    with _one_at_a_time(), Job(unit.name):
        if unit.active_state != "active":
            # A dead main process would be waited for.
            unit_record.forget_main_process(unit.name)
        done = replacement.runcommand(verb, unit.name) == OK
        UnitRecord(restarts=before.restarts).write(unit.name)
    after = load([unit.name])[0]
    done = done and (after.active_state == "active") is (verb != "stop")
    with suppress(OSError):
        result = _RESULT[verb] if done else f"Failed to {verb}"
        journal.append(unit.name, f"{result} {unit.name} - {unit.description}.")
    return done


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for other changes to end: the replacement trips over another one of itself."""
    unit_record.FOLDER.mkdir(parents=True, exist_ok=True)
    with (unit_record.FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_system_running(options: argparse.Namespace, _: list[str]) -> int:
    broken = any(unit.active_state == "failed" for unit in load_all())
    if not options.quiet:
        print("degraded" if broken else "running")
    return FAILED if broken else OK


_VERBS: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
    "cat": _cat,
    "is-active": _is_active,
    "is-failed": _is_failed,
    "is-system-running": _is_system_running,
    "kill": _kill,
    "list-unit-files": _list_unit_files,
    "list-units": _list_units,
    "reset-failed": _reset_failed,
    "show": _show,
    "status": _status,
    **{verb: _changing(verb) for verb in ("start", "stop", "restart", "reload")},
}
_LEFT_TO_REPLACEMENT = frozenset(
    {"daemon-reload", "disable", "enable", "is-enabled", "mask", "unmask"}
)
