"""Rotate logs now, by logrotate and the server's own configuration of it."""

import re
from dataclasses import dataclass

from automation.engine import (
    AbsolutePath,
    Category,
    CommandFailed,
    Param,
    Run,
    Runbook,
    Shell,
    step,
)
from automation.runbooks.sizes import counted, size

_FIND = Shell("PATH=$PATH:/usr/sbin:/sbin command -v logrotate")
_SIZES = Shell('for name do stat -c %s -- "$name" 2>/dev/null || echo -; done')
_ROTATED_SIZES = Shell(
    """for name do
  for ending in "" .gz .bz2 .xz .zst .Z; do
    if [ -f "$name$ending" ]; then
      echo "$(stat -c %s -- "$name$ending") $ending"
      continue 2
    fi
  done
  echo -
done"""
)
_CONSIDERING = "considering log "
# A name may hold line breaks: it begins with / and ends before what logrotate adds.
_ROTATING = re.compile(r"^rotating log (/.*?), log->rotateCount is \d+$", re.MULTILINE | re.DOTALL)
_NO_TEXT = "\N{REPLACEMENT CHARACTER}"
"""In place of what is no UTF-8: a file with it in its name can't be asked for by that name."""
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What logrotate said that it looks at and does."""

    logs: list[str]
    rotated: dict[str, str]
    """By log, the file that it becomes, before that is compressed."""

    @classmethod
    def of(cls, told: str) -> "_Plan":
        rotated = {log: _becomes(log, told) for log in _ROTATING.findall(told)}
        heads = [line.removeprefix(_CONSIDERING) for line in told.split("\n")
                 if line.startswith(_CONSIDERING)]  # fmt: skip
        logs = [
            next((log for log in rotated if log.startswith(f"{head}\n")), head) for head in heads
        ]
        return cls(logs=logs, rotated=rotated)


class RotateLogs(Runbook):
    """Rotate the logs of one logrotate configuration and show what became of them.

    Use it when a log has grown too large before its time, and the server has a configuration for
    it, such as /etc/logrotate.d/nginx. The configuration decides how many old files are kept: the
    oldest is deleted, as each night. Where there is none, use DISK_CLEANUP.
    """

    id = "LOG_ROTATION"
    title = "Rotate logs"
    category = Category.MAINTENANCE
    irreversible = (
        "A rotation can't be taken back: programs write to the new files by now, and the oldest "
        "ones may be gone. The rotated files are listed in the result."
    )
    default_timeout = 900
    estimated_seconds = 15

    config: AbsolutePath = Param(
        help="Configuration of logrotate on the server, such as /etc/logrotate.d/nginx"
    )
    force: bool = Param(default=True, help="Rotate also what is not due yet")

    @step("Check logrotate and the configuration")
    def check(self, run: Run) -> None:
        """Have logrotate itself read it, in its debug mode, which changes nothing."""
        program = run.read(_FIND, sudo=True, ok=None).stdout.strip()
        run.validate(
            program.startswith("/"),
            "logrotate is installed",
            otherwise="logrotate is not installed on this server. Install its package "
            "(logrotate), or use DISK_CLEANUP.",
        )
        run.validate(
            run.read("test", "-f", self.config, sudo=True, ok=(0, 1)).ok,
            f"{self.config} is a file",
            otherwise=f"There is no file {self.config} on this server. "
            "`ls /etc/logrotate.d` lists the usual ones.",
        )
        tried = run.read(program, "-d", *self._options(), sudo=True, ok=None)
        told = f"{tried.stdout}\n{tried.stderr}"
        errors = [line for line in told.split("\n") if line.startswith("error:")]
        run.validate(
            tried.ok and not errors,
            f"logrotate can use {self.config}",
            otherwise=f"logrotate can't use {self.config}: "
            f"{' '.join(errors[:3]) or f'it ended with exit code {tried.exit_code}.'}",
        )
        run.data["program"] = program
        run.data["plan"] = told

    @step("Look at the logs")
    def look(self, run: Run) -> None:
        """Show which logs would be rotated and how large they are."""
        plan = _Plan.of(run.data.pop("plan"))
        sizes = self._sizes(run, plan.logs)
        run.data["due"] = sorted(plan.rotated)
        run.result["before"] = sizes
        due = {log: sizes.get(log) or 0 for log in sorted(plan.rotated)}
        for log, count in list(due.items())[:_SHOWN]:
            run.note(f"{log}: {size(count)}, becomes {plan.rotated[log] or 'a file of its own'}")
        if due:
            run.affects = (
                f"{counted(len(due), 'log')} of {size(sum(due.values()))}: "
                f"{', '.join(list(due)[:_SHOWN])}"
            )

    @step("Rotate")
    def rotate(self, run: Run) -> None:
        """Run logrotate as the server itself does each night; skip it where nothing is due."""
        run.data["rotated"] = {}
        if not run.data["due"]:
            run.note(f"Of {counted(len(run.result['before']), 'log')} none is to be rotated.")
            return
        answer = run.change(run.data["program"], "-v", *self._options(), sudo=True)
        run.data["rotated"] = _Plan.of(f"{answer.stdout}\n{answer.stderr}").rotated

    @step("Verify what became of them")
    def verify(self, run: Run) -> None:
        """Each rotated file exists; list them with their sizes."""
        rotated: dict[str, str] = run.data["rotated"]
        names = [name for name in rotated.values() if name]
        files = self._rotated_files(run, names)
        run.result["rotated"] = files
        run.result["after"] = self._sizes(run, list(run.result["before"]))
        run.validate(
            len(rotated) >= len(run.data["due"]),
            "Each log that was due was rotated",
            otherwise=f"logrotate rotated {len(rotated)} of {counted(len(run.data['due']), 'log')}"
            ". Its output in the log of this execution says why.",
        )
        unseen = [str(file["path"]) for file in files if file["bytes"] is None]
        missing = [path for path in unseen if _NO_TEXT not in path]
        run.validate(
            not missing,
            "Each rotated file is there",
            otherwise=f"logrotate told of {', '.join(missing[:3])}, which is not there.",
        )
        told = ", ".join(f"{file['path']} ({size(int(file['bytes'] or 0))})" for file in files)
        run.summary = (
            f"Rotated {counted(len(rotated), 'log')}: {told or 'kept no old file'}."
            if rotated
            else f"No log of {self.config} was due."
        )

    def _options(self) -> list[str]:
        return [*(["--force"] if self.force else []), "--", self.config]

    def _sizes(self, run: Run, logs: list[str]) -> dict[str, int | None]:
        """Return the size of each log; ``None`` of one that is not there."""
        if not logs:
            return {}
        lines = run.read(_SIZES, *logs, sudo=True).stdout.split()
        return {
            log: int(line) if line.isdigit() else None
            for log, line in zip(logs, lines, strict=False)
        }

    def _rotated_files(self, run: Run, names: list[str]) -> list[dict[str, str | int | None]]:
        if not names:
            return []
        lines = run.read(_ROTATED_SIZES, *names, sudo=True).stdout.strip("\n").split("\n")
        if len(lines) != len(names):
            raise CommandFailed("The sizes of the rotated files could not be read.")
        files: list[dict[str, str | int | None]] = []
        for name, line in zip(names, lines, strict=True):
            count, _, ending = line.partition(" ")
            known = int(count) if count.isdigit() else None
            files.append({"path": f"{name}{ending}", "bytes": known})
        return files


def _becomes(log: str, told: str) -> str:
    """Return the file that a log becomes; empty where logrotate keeps none."""
    for begin in (f"renaming {log} to ", f"copying {log} to "):
        _, found, rest = f"\n{told}".partition(f"\n{begin}")
        if found:
            return "\n".join(rest.split("\n")[: 1 + log.count("\n")])
    return ""
