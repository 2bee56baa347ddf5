"""The site builds without a warning and fetches nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.fences import PROJECT

FETCHED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=\"?([^\s\">]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site."""
    folder = tmp_path_factory.mktemp("site")
    ended = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder],
        env={"PATH": os.environ["PATH"], "NO_MKDOCS_2_WARNING": "1"},
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    return folder


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    foreign = {
        (page.name, target)
        for page in pages
        for target in FETCHED.findall(page.read_text(encoding="utf-8"))
        if "//" in target
    }

    assert len(pages) > 20
    assert foreign == set()


def test_style_sheets_load_no_foreign_font(site: Path) -> None:
    sheets = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))

    assert "url(http" not in sheets
    assert "@import" not in sheets


def test_only_pages_and_what_they_show_are_published(site: Path) -> None:
    assert not list(site.rglob("*.py"))
    assert (site / "openapi.yaml").exists()
