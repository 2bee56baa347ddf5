"""Which files make up the project."""

import subprocess
from pathlib import Path


def tracked(folder: Path) -> list[str]:
    """Return the files of a checkout that git keeps or would keep, as paths inside it.

    Without what is deleted and not committed, and without links to folders.
    """
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listing.stdout.split("\0") if (folder / name).is_file()]
