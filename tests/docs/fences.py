"""The fenced blocks of a page, so that what readers copy can be run."""

import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"

_FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Fence:
    """One block of code."""

    language: str
    title: str
    """Empty without one."""
    code: str


def fences(page: Path, language: str) -> list[Fence]:
    """Return the blocks in a language, from top to bottom."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    listed = [Fence(language=kind, title=title, code=code) for kind, title, code in found]
    return [fence for fence in listed if fence.language == language]
