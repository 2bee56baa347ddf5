"""Reads how full the file system of a path is."""

from dataclasses import dataclass

from automation.engine import Run

_FORMAT = "%S %b %f %a"  # block size; blocks: all, free, free for users


@dataclass(frozen=True, kw_only=True)
class DiskUsage:
    """How full one file system is, in bytes; ``percent`` as df counts it (0 to 100)."""

    used: int
    available: int
    percent: int

    def as_json(self) -> dict[str, int]:
        """Return it as a result holds it."""
        return {
            "usedPercent": self.percent,
            "usedBytes": self.used,
            "availableBytes": self.available,
        }


def usage_in(text: str) -> DiskUsage | None:
    """Return what ``stat -f`` printed in this module's format; ``None`` where it could not."""
    numbers = text.split()
    if len(numbers) != 4 or not all(number.isdigit() for number in numbers):
        return None
    block, total, free, available = map(int, numbers)
    used = total - free
    percent = -(-100 * used // (used + available)) if used + available else 0
    return DiskUsage(used=used * block, available=available * block, percent=percent)


def usage_of(run: Run, path: str) -> DiskUsage | None:
    """Return how full the file system of ``path`` is; ``None`` where it can't be told."""
    answer = run.read("stat", "-f", "-c", _FORMAT, "--", path, sudo=True, ok=None)
    return usage_in(answer.stdout) if answer.ok else None
