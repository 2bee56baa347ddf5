"""Save files into an archive on the server itself, before they are changed."""

import hashlib
from datetime import UTC, datetime

from automation.engine import AbsolutePath, Category, CommandFailed, Param, Run, Runbook, step
from automation.runbooks.disk_usage import usage_in
from automation.runbooks.file_backup_scripts import (
    ARCHIVES,
    CHECK,
    LOOK,
    MEASURE,
    PRUNE,
    RESTORE,
    WRITE,
)
from automation.runbooks.sizes import counted, size

_NO_FILES = ("/proc", "/sys", "/dev")


class BackUpFiles(Runbook):
    """Save files and folders into one archive on the server, and prove that it is whole.

    Use it before a change by hand, to be able to go back. It stays on one file system for each
    path, keeps links as links, and keeps as many archives of the same paths as asked for. Not a
    replacement for backups on another machine, and not for the files of a running database.
    """

    id = "FILE_BACKUP"
    title = "Back up files"
    category = Category.MAINTENANCE
    idempotent = True
    default_timeout = 3600
    estimated_seconds = 30

    paths: tuple[AbsolutePath, ...] = Param(
        help="Files and folders to save, such as /etc/nginx", min_length=1, max_length=100
    )
    destination: AbsolutePath = Param(
        "/var/backups/opsmanager", help="Folder for the archives; made where it is missing"
    )
    compress: bool = Param(default=True, help="Compress the archive with gzip")
    keep: int = Param(
        7, ge=1, le=1000, help="How many archives of the same paths stay, this one included"
    )

    @step("Check the paths and the space")
    def check(self, run: Run) -> None:
        """Each path exists, and even without compression the archive has room."""
        virtual = [path for path in self.paths if f"/{path.split('/')[1]}" in _NO_FILES]
        run.validate(
            not virtual,
            "The paths hold files of a disk",
            otherwise=f"{', '.join(virtual)} holds no files of a disk, but what the kernel shows.",
        )
        self._check_places(run)
        total = int(run.read(MEASURE, *self.paths, sudo=True).stdout)
        free = run.result["availableBytes"]
        run.validate(
            total < free,
            f"{self.destination} has room for {size(total)}",
            otherwise=f"The archive may need {size(total)}, and {self.destination} has room for "
            f"{size(free)}. Free space (DISK_CLEANUP), or give another destination.",
        )
        old = run.read(ARCHIVES, self.destination, self._begin(), sudo=True).stdout.splitlines()
        surplus = old[: max(len(old) + 1 - self.keep, 0)]
        run.affects = f"{self._archive(run)} with {size(total)} of files before compression"
        if surplus:
            run.affects += f", and {counted(len(surplus), 'old archive')} that would go"
            run.note(f"Older than the {self.keep} to keep: {', '.join(surplus)}")
        run.result.update(bytesToSave=total, archives=old)

    @step("Write the archive")
    def write(self, run: Run) -> None:
        """Write it under another name, and give it its own once it is complete."""
        name = run.data["name"]
        answer = run.change(WRITE, self.destination, name, *self._members(), sudo=True)
        code, count, checksum = (*answer.stdout.split(), "0", "0", "")[:3]
        run.data["sha256"] = checksum
        run.result.update(archive=self._archive(run), bytes=int(count), sha256=checksum)
        if code == "1":
            run.note("Some files changed while they were read: the archive holds them half-way.")

    @write.undo
    def restore(self, run: Run) -> None:
        """Put the files back as they are in the archive; what was made since stays."""
        checksum = run.data.get("sha256")
        if not checksum:
            run.note("No archive was written: there is nothing to put back.")
            return
        there = run.read("test", "-f", self._archive(run), sudo=True, ok=(0, 1)).ok
        run.validate(
            there,
            f"{self._archive(run)} is there",
            otherwise=f"{self._archive(run)} is gone: later backups pruned it, or somebody did.",
        )
        name = run.data["name"]
        run.change(RESTORE, self.destination, name, checksum, *self._members(), sudo=True)

    @step("Verify the archive")
    def verify(self, run: Run) -> None:
        """Read it to its end and compare its checksum."""
        read = run.read(CHECK, self.destination, run.data["name"], sudo=True).stdout
        checksum, entries = (*read.split(), "", "0")[:2]
        run.validate(
            checksum == run.data["sha256"],
            "The archive is what was written",
            otherwise=f"{self._archive(run)} is not what was written: its checksum differs. "
            "Its disk may be failing; the older archives were kept.",
        )
        run.result["entries"] = int(entries)

    @step("Remove the oldest archives")
    def prune(self, run: Run) -> None:
        """Keep the newest of the same paths; verified first, so that none goes for a bad one."""
        answer = run.change(PRUNE, self.destination, self._begin(), str(self.keep), sudo=True)
        gone = answer.stdout.splitlines()
        run.result["removed"] = gone
        pruned = f" {counted(len(gone), 'old archive')} removed." if gone else ""
        run.summary = (
            f"Saved {counted(run.result['entries'], 'file or folder', 'files and folders')} in "
            f"{self._archive(run)} ({size(run.result['bytes'])}).{pruned}"
        )

    def _check_places(self, run: Run) -> None:
        """Refuse what is missing, a link, or holds the archive itself; note the free space."""
        answer = run.read(LOOK, self.destination, *self.paths, sudo=True).stdout
        lines = answer.removesuffix("\n").split("\n")
        usage, place, states = usage_in(lines[0]), "".join(lines[1:2]), lines[2:]
        if usage is None or len(states) != len(self.paths):
            raise CommandFailed(f"It can't be read what is at {', '.join(self.paths)}.")
        found = list(zip(self.paths, (state.partition(" ")[::2] for state in states), strict=True))
        missing = [path for path, (state, _) in found if state == "missing"]
        links = [f"{path} (to {leads})" for path, (state, leads) in found if state == "link"]
        around = [
            path
            for path, (_, leads) in found
            if f"{place}/".startswith(f"{leads.rstrip('/')}/")
            or f"{self.destination}/".startswith(f"{path.rstrip('/')}/")
        ]
        run.validate(
            not missing,
            "All paths are there",
            otherwise=f"There is no {', '.join(missing)} on this server. Check paths.",
        )
        run.validate(
            not links,
            "No path is a link",
            otherwise=f"{', '.join(links)} is a link; the archive would hold only that. "
            "Give the path that it leads to.",
        )
        run.validate(
            not around,
            "The archive lies outside of what it saves",
            otherwise=f"The destination lies in {', '.join(around)}, so each archive would hold "
            "the ones before. Give a destination elsewhere.",
        )
        ending = "tar.gz" if self.compress else "tar"
        # Down to the microsecond, since the names also say which archive is older.
        stamp = run.once("stamp", lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%S-%fZ}")
        run.data["name"] = f"{self._begin()}{stamp}.{ending}"
        run.result["availableBytes"] = usage.available

    def _members(self) -> list[str]:
        """Return what the archive is made of, as tar knows it."""
        return [f".{path}" for path in dict.fromkeys(self.paths)]

    def _archive(self, run: Run) -> str:
        return f"{self.destination.rstrip('/')}/{run.data['name']}"

    def _begin(self) -> str:
        """Return how the names of all archives of the same paths begin."""
        digest = hashlib.sha256("\n".join(sorted(set(self.paths))).encode()).hexdigest()
        return f"opsmanager-{digest[:12]}-"
