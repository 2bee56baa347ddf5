"""``journalctl`` of a world: what a runbook asks of the real one, in the same words."""

import argparse
import re
from datetime import UTC, datetime, timedelta

from opsmanager.embedded.demo.inside import journal
from opsmanager.embedded.demo.inside.journal import Entry

_EPOCH = datetime.min.replace(tzinfo=UTC)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"-?(\d+)\s*([smhdw])[a-z]*(?:\s+ago)?")


def main(arguments: list[str]) -> int:
    """Print the entries that were asked for; return the exit status."""
    options = _parser().parse_args(arguments)
    units = [u if "." in u else f"{u}.service" for u in options.unit] or journal.units()
    entries = [entry for unit in units for entry in journal.read(unit)]
    if options.since:
        since = _moment(options.since)
        entries = [entry for entry in entries if (entry.at or _EPOCH) >= since]
    if len(units) > 1:
        entries.sort(key=lambda entry: entry.at or _EPOCH)
    if options.grep:
        entries = [entry for entry in entries if re.search(options.grep, entry.text)]
    if options.lines != "all":
        entries = entries[-int(options.lines) :] if int(options.lines) else []
    if options.reverse:
        entries.reverse()
    _show(entries, options.output, quiet=options.quiet)
    return 0


def _show(entries: list[Entry], output: str, *, quiet: bool) -> None:
    for entry in entries:
        print(entry.show(output))
    if not entries and not quiet:
        print("-- No entries --")


def _moment(text: str) -> datetime:
    """Return the moment that ``--since`` means."""
    now = datetime.now(UTC)
    if match := _AGO.fullmatch(text.strip()):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    if text in ("today", "yesterday"):
        return midnight - timedelta(days=text == "yesterday")
    return datetime.fromisoformat(text).astimezone()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="journalctl")
    parser.add_argument("-u", "--unit", action="append", default=[])
    parser.add_argument("-n", "--lines", nargs="?", const="10", default="all")
    parser.add_argument("-o", "--output", default="short")
    parser.add_argument("-S", "--since")
    parser.add_argument("-g", "--grep")
    parser.add_argument("-r", "--reverse", action="store_true")
    parser.add_argument("-q", "--quiet", action="store_true")
    for ignored in ("--no-pager", "--no-hostname", "--system", "--utc", "--all", "-x", "-b", "-e"):
        parser.add_argument(ignored, action="store_true")
    return parser
