"""Every block of shell commands in the documentation, and those that no test can run."""

import re
import textwrap

from tests.docs.fences import DOCS, PROJECT

LANGUAGES = {"sh", "bash", "shell", "console", "zsh"}
TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
LEFT_OUT = DOCS / "decisions"
"""Says what was decided, and shows nobody what to type."""

_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,}) *(?P<language>[\w-]*)[^\n`]*\n"
    r"(?P<code>.*?)^(?P=indent)(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)

EXCUSED = {
    ("docs/first-contribution.md", "git clone . ../renewed && cd ../renewed"): (
        "is for a diff that does not fit any more"
    ),
    ("docs/first-contribution.md", "git add --all && git commit -m endpoint"): (
        "is for a diff that does not fit any more"
    ),
    ("docs/guide/audit.md", "DATABASE_URL=postgresql://opsmanager:…@db/opsmanager \\"): (
        "needs a PostgreSQL with two roles; tests/embedded/test_two_roles.py migrates with some"
    ),
    ("docs/operations/install.md", "docker compose build"): (
        "needs a Docker engine; tests/opsmanager/deploy starts the same without one"
    ),
    (
        "docs/operations/install.md",
        "useradd --system --home-dir /opt/opsmanager --shell /usr/sbin/nologin opsmanager",
    ): "needs root on a machine of its own",
    (
        "docs/operations/install.md",
        "python -m opsmanager.deploy secrets --database … --redis …",
    ): "needs a cluster",
}
"""Why a block is not run, by its page and its first line."""


def pages() -> list[str]:
    """Return the pages that people read, as paths inside the project."""
    found = [path for path in DOCS.rglob("*.md") if not path.is_relative_to(LEFT_OUT)]
    return [*TOP, *sorted(path.relative_to(PROJECT).as_posix() for path in found)]


def blocks(page: str) -> list[str]:
    """Return the blocks of a page, from top to bottom, without their indentation."""
    return blocks_in((PROJECT / page).read_text(encoding="utf-8"))


def blocks_in(text: str) -> list[str]:
    """Return the blocks in the Markdown of a page."""
    return [
        textwrap.dedent(found["code"])
        for found in _FENCE.finditer(text)
        if found["language"] in LANGUAGES
    ]


def first_line(block: str) -> str:
    """Return the line by which a block is known."""
    return block.strip().partition("\n")[0].strip()


def to_run(page: str) -> list[str]:
    """Return the blocks of a page that its test has to run."""
    return [block for block in blocks(page) if (page, first_line(block)) not in EXCUSED]
