"""The files beside the site link to what is there; the site's own build checks its pages."""

import re
from pathlib import Path

import pytest

from tests.docs.fences import DOCS, PROJECT

LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")
FILES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


def local_links(file: Path) -> set[str]:
    """Return what a file links to on this machine."""
    found = {target for target, _anchor in LINK.findall(file.read_text(encoding="utf-8"))}
    return {target for target in found if "://" not in target}


@pytest.mark.parametrize("name", FILES)
def test_each_link_leads_somewhere(name: str) -> None:
    missing = {one for one in local_links(PROJECT / name) if not (PROJECT / one).exists()}

    assert missing == set()


def test_pages_stay_inside_the_site() -> None:
    outside = {
        (page.name, target)
        for page in DOCS.rglob("*.md")
        for target in local_links(page)
        if not (page.parent / target).resolve().is_relative_to(DOCS)
    }

    assert outside == set()
