import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.engine.discovery import discover
from automation.engine.registry import registry

RUNBOOK = '''
from automation.engine import Runbook, step

class Found(Runbook):
    """Found by discovery."""
    id = "{id}"
    title = "Found"
    changes = False

    @step("Nothing")
    def nothing(self, run): ...
'''


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    before, known = set(sys.modules), dict(registry._runbooks)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith(("acme", "solo")):
            del sys.modules[name]
    registry._runbooks.clear()
    registry._runbooks.update(known)


def write(folder: Path, name: str, text: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_the_shipped_runbooks_are_found_by_their_entry_point_or_by_name() -> None:
    assert discover(["automation.runbooks"]) == []
    assert {"SERVICE_RESTART", "HEALTH_CHECK"} <= {runbook.id for runbook in registry}


def test_a_broken_module_is_told_and_takes_no_other_down(site: Path) -> None:
    write(site / "acme", "__init__.py")
    write(site / "acme", "broken.py", "import nowhere_to_be_found")
    write(site / "acme", "good.py", RUNBOOK.format(id="ACME_GOOD"))
    write(site / "acme" / "deep", "__init__.py")
    write(site / "acme" / "deep", "deeper.py", RUNBOOK.format(id="ACME_DEEP"))
    write(site / "acme", "wrong.py", RUNBOOK.format(id="wrong"))
    problems = {problem.module: problem.reason for problem in discover(["acme"])}
    assert set(problems) == {"acme.broken", "acme.wrong"}
    assert "nowhere_to_be_found" in problems["acme.broken"]
    assert "Its id 'wrong' must be capital letters" in problems["acme.wrong"]
    assert "ACME_GOOD" in registry
    assert "ACME_DEEP" in registry


def test_a_package_that_is_not_there_is_told() -> None:
    (problem,) = discover(["not_installed_at_all"])
    assert problem.module == "not_installed_at_all"
    assert "ModuleNotFoundError" in problem.reason


def test_an_entry_point_of_an_installed_package_is_enough(site: Path) -> None:
    write(site, "solo_runbooks.py", RUNBOOK.format(id="SOLO"))
    write(
        site / "solo-1.0.dist-info", "METADATA", "Metadata-Version: 2.1\nName: solo\nVersion: 1.0\n"
    )
    write(
        site / "solo-1.0.dist-info",
        "entry_points.txt",
        "[opsmanager.runbooks]\nsolo = solo_runbooks\n",
    )
    assert discover() == []
    assert "SOLO" in registry
