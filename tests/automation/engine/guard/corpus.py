"""The commands that the guard must refuse or let pass, read from their files."""

from pathlib import Path

HERE = Path(__file__).parent / "examples"


def lines(*names: str) -> list[str]:
    """Return the commands of these files, without the headings of their groups."""
    return [
        line
        for name in names
        for line in (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("# group")
    ]


BLOCKED = lines("block", "own_block")
ALLOWED = lines("allow", "own_allow")
