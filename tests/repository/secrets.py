"""Does a file of the repository hold a secret?

What looks like one and is none, as the keys that tests make up, is listed in ``.secrets.baseline``
by file and digest, without line numbers, so that it outlives edits around it. ``--accept`` writes
that list anew: look at its diff before you commit it. A line may also end in
``pragma: allowlist secret``.
"""

import json
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

from tests.repository.tracked import tracked

ROOT = Path(__file__).resolve().parents[2]
BASELINE = ".secrets.baseline"
# Words beside "password" are made up there by the hundred, and tell nothing.
_WITHOUT_KEYWORDS = ("tests/", "docs/", "benchmarks/")
_SKIPPED = (".lock", "package-lock.json", ".png", ".svg", BASELINE)


@dataclass(frozen=True, order=True, kw_only=True)
class Suspect:
    """Something that looks like a secret."""

    file: str
    kind: str
    digest: str
    """SHA-1, as detect-secrets writes it; no secret can be read from it."""
    line: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same wherever it stands in the file."""
        return self.file, self.kind, self.digest


def suspects(folder: Path, files: Iterable[str]) -> list[Suspect]:
    """Return what looks like a secret in these files below ``folder``."""
    read = [(folder, file) for file in files if not file.endswith(_SKIPPED)]
    with ProcessPoolExecutor() as pool:
        return sorted(suspect for one in pool.map(_of, read, chunksize=16) for suspect in one)


def accepted(folder: Path) -> set[tuple[str, str, str]]:
    """Return the keys of what the list of ``folder`` says is no secret."""
    path = folder / BASELINE
    if not path.exists():
        return set()
    listed = json.loads(path.read_text())
    return {
        (file, kind, digest)
        for file, kinds in listed.items()
        for kind, digests in kinds.items()
        for digest in digests
    }


def accept(folder: Path, found: Iterable[Suspect]) -> None:
    """Write the list anew."""
    listed: dict[str, dict[str, list[str]]] = {}
    for suspect in sorted(found):
        digests = listed.setdefault(suspect.file, {}).setdefault(suspect.kind, [])
        if suspect.digest not in digests:
            digests.append(suspect.digest)
    (folder / BASELINE).write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n")


def main(words: list[str], folder: Path = ROOT) -> int:
    """Check every file that git knows of in ``folder``; return the exit code."""
    found = suspects(folder, tracked(folder))
    if "--accept" in words:
        accept(folder, found)
        return 0
    known = accepted(folder)
    new = [suspect for suspect in found if suspect.key not in known]
    for suspect in new:
        print(f"{suspect.file}:{suspect.line}: looks like a secret ({suspect.kind}).")
    if new:
        print(
            "Take it out, and make a new one if it was ever pushed. If it is none: "
            "`make accept-secrets`, and look at the diff."
        )
    return 1 if new else 0


def _of(place: tuple[Path, str]) -> list[Suspect]:
    folder, file = place
    with default_settings():
        return [
            Suspect(file=file, kind=secret.type, digest=secret.secret_hash, line=secret.line_number)
            for secret in scan_file(str(folder / file))
            if not _is_made_up(file, secret)
        ]


def _is_made_up(file: str, secret: PotentialSecret) -> bool:
    return secret.type == "Secret Keyword" and file.startswith(_WITHOUT_KEYWORDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
