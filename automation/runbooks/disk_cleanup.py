"""Free a full disk by emptying large log files, without taking them from their programs."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator

from automation.engine import (
    AbsolutePath,
    Assessment,
    Category,
    CommandFailed,
    CommandResult,
    Param,
    Percent,
    Run,
    Runbook,
    step,
)
from automation.engine.parameter_types import shown
from automation.runbooks.disk_cleanup_scripts import (
    COPY,
    COPY_AND_TRUNCATE,
    FIND,
    RESTORE,
    TRUNCATE,
)
from automation.runbooks.disk_usage import DiskUsage, usage_of
from automation.runbooks.protected_paths import resolved
from automation.runbooks.sizes import counted, size

_MIB = 1024 * 1024
_BLOCK = 512  # what find and stat count in
_LISTED = 20
_NUL = re.compile("[\0\N{SYMBOL FOR NULL}]")


def _file_pattern(value: str) -> str:
    if "/" in value:
        raise ValueError("A pattern is for the file's name alone: leave out the /.")
    return value


FilePattern = Annotated[str, AfterValidator(_file_pattern)]


@dataclass(frozen=True, kw_only=True)
class _Done:
    """What a script that changes files said of its work."""

    freed: int
    files: int
    failed: int
    find_failed: bool

    @classmethod
    def by(cls, answer: CommandResult) -> "_Done":
        freed, files, failed, code = (*map(int, answer.stdout.split()[-4:]), 0, 0, 0, 0)[:4]
        return cls(freed=freed, files=files, failed=failed, find_failed=code != 0)


class CleanUpDisk(Runbook):
    """Empty large files, such as logs, below one folder and say how much space that freed.

    Use it when a disk is full of logs. A file is truncated rather than deleted, so the program
    that writes to it goes on; its content is gone, unless copies are kept. Links are not
    followed, other file systems are not entered, and a file with several names (hard links) is
    left alone. Not for a disk that is full of something else, and not for data of a database.
    """

    id = "DISK_CLEANUP"
    title = "Clean up a disk"
    category = Category.MAINTENANCE
    default_timeout = 1800
    estimated_seconds = 20

    target_path: AbsolutePath = Param(
        "/var/log",
        help="Folder to clean, with all below it",
        labels=("path", "mountpoint"),
        suggests="file-systems",
    )
    min_size_mb: int = Param(
        1024, ge=0, le=1_048_576, unit="MiB", help="Only files of at least this size"
    )
    pattern: FilePattern = Param(
        "*.log",
        min_length=1,
        max_length=255,
        help="Only files with such a name; * stands for anything, ? for one character",
    )
    older_than_days: int = Param(
        0, ge=0, le=3650, unit="days", help="Only files not written to for so long; 0 takes all"
    )
    usage_percent: Percent = Param(90, unit="%", help="From where on the disk counts as full")
    keep_copies: bool = Param(
        default=False,
        help="Compress a copy beside each file first; needs space, and can be taken back",
    )

    def why_irreversible(self) -> str:
        """Only copies can be put back."""
        return "" if self.keep_copies else "The files were emptied, and no copies were asked for."

    def assess(self, run: Run) -> Assessment | None:
        """Healthy is a file system that is less full than usagePercent."""
        usage = usage_of(run, self.target_path)
        if usage is None:
            return None
        return Assessment(
            healthy=usage.percent < self.usage_percent,
            values=usage.as_json(),
            summary=f"The file system of {self.target_path} is {usage.percent} % full "
            f"({self.usage_percent} % counts as full).",
        )

    @step("Check that the folder may be cleaned")
    def check(self, run: Run) -> None:
        """Refuse what is protected, by its name or by where it leads on the server."""
        target = resolved(run, self.target_path)
        is_folder = run.read("test", "-d", target, sudo=True, ok=(0, 1)).ok
        run.validate(
            is_folder,
            f"{target} is a folder",
            otherwise=f"There is no folder {target} on this server. Check targetPath.",
        )
        run.data["target"] = target
        run.result.update(path=target, before=self._measured(run).as_json())

    @step("Find the files")
    def find(self, run: Run) -> None:
        """Show which files would be emptied, the largest first, and their size on disk."""
        target = run.data["target"]
        listing = run.read(FIND, target, *self._tests(), sudo=True).stdout
        head, _, names = listing.partition("\n")
        count, taken = map(int, head.split())
        files = [_file(record) for record in _NUL.split(names) if record]
        run.data["found"] = count
        run.result.update(filesFound=count, bytesFound=taken, files=files)
        what = f"{counted(count, 'file')} of {size(taken)} in {target}"
        if not count:
            run.note(f"{self._wanted()}: none in {target}.")
            return
        run.affects = what
        lines = [f"{size(int(file['bytes']))} {shown(str(file['path']), longest=200)}"
                 for file in files[:_LISTED]]  # fmt: skip
        more = [f"... and {counted(count - _LISTED, 'more file')}"] if count > _LISTED else []
        run.note("\n".join([f"Found {what}:", *lines, *more]))

    @step("Empty the files")
    def truncate(self, run: Run) -> None:
        """Empty each file that still fits; with keepCopies, once its compressed copy is whole."""
        run.result.update(filesEmptied=0, bytesFreed=0)
        if not run.data["found"]:
            run.note("There is nothing to empty.")
            return
        target = run.data["target"]
        if self.keep_copies:
            suffix = run.once("suffix", _suffix)
            run.data["suffix"] = run.result["copiesEndWith"] = suffix
            answer = run.change(COPY_AND_TRUNCATE, target, suffix, *self._tests(), sudo=True)
        else:
            answer = run.change(TRUNCATE, target, *self._tests(), sudo=True)
        done = _Done.by(answer)
        run.data["emptied"] = done.files
        run.result.update(filesEmptied=done.files, bytesFreed=done.freed, filesFailed=done.failed)
        _check_complete(run, done, answer, verb="emptied")

    @truncate.undo
    def restore(self, run: Run) -> None:
        """Put each copy back, before what was written since; without keepCopies nothing can be."""
        suffix, wanted = run.data.get("suffix"), run.data.get("emptied", 0)
        if not suffix:
            run.note("No file was emptied: nothing to put back.")
            return
        answer = run.change(RESTORE, run.data["target"], suffix, sudo=True)
        done = _Done.by(answer)
        _check_complete(run, done, answer, verb="restored")
        run.validate(
            done.files >= wanted,
            f"All {counted(wanted, 'file')} were put back",
            otherwise=f"Only {done.files} of {counted(wanted, 'copy', 'copies')} "
            f"could be found below {run.data['target']}: somebody moved or deleted the others.",
        )

    @step("Measure what was freed")
    def measure(self, run: Run) -> None:
        """Look at the file system again."""
        usage = self._measured(run)
        run.result["after"] = usage.as_json()
        emptied, freed = run.result["filesEmptied"], run.result["bytesFreed"]
        done = (
            f"Emptied {counted(emptied, 'file')} in {run.data['target']}, which freed {size(freed)}"
            if emptied
            else f"There was nothing to empty in {run.data['target']} ({self._wanted()})"
        )
        run.summary = f"{done}; its file system is {usage.percent} % full."

    def _tests(self) -> list[str]:
        """Return what a file must be, as find's words."""
        tests = ["-xdev", "-type", "f", "-links", "1"]
        tests += ["-size", f"+{max(self.min_size_mb * _MIB - 1, 0)}c", "-name", self.pattern]
        tests += ["!", "-name", f"*{COPY}*"]
        age = ["-mmin", f"+{self.older_than_days * 24 * 60}"] if self.older_than_days else []
        return tests + age

    def _wanted(self) -> str:
        days = self.older_than_days
        age = f" that nobody wrote to for {counted(days, 'day')}" if days else ""
        return f"files {shown(self.pattern)} of at least {self.min_size_mb} MiB{age}"

    def _measured(self, run: Run) -> DiskUsage:
        usage = usage_of(run, run.data["target"])
        if usage is None:
            raise CommandFailed(f"It can't be read how full {run.data['target']} is.")
        return usage


def _file(record: str) -> dict[str, str | int]:
    blocks, _, path = record.partition(" ")
    return {"path": path, "bytes": int(blocks) * _BLOCK}


def _check_complete(run: Run, done: _Done, answer: CommandResult, *, verb: str) -> None:
    said = " ".join(answer.stderr.strip().splitlines()[-3:])
    run.validate(
        not done.failed,
        f"Each file was {verb}",
        otherwise=f"{counted(done.failed, 'file')} could not be {verb}, "
        f"{done.files} could. The server said: {said}",
    )
    run.validate(
        done.files or not done.find_failed,
        "The files could be looked through",
        otherwise=f"No file was {verb}, since they could not be looked through: {said}",
    )


def _suffix() -> str:
    return f"{COPY}{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.gz"
