"""The page on faults names tests and commands that are there, for each fault."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.fences import DOCS

PROJECT = Path(__file__).parents[2]
PAGE = (DOCS / "operations" / "faults.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (F\d+) \|.*\| ([^|]+) \|$", re.MULTILINE)
SHOWN = {number: re.findall(r"`([^`]+)`", last) for number, last in ROW.findall(PAGE)}
TESTS = sorted({name for names in SHOWN.values() for name in names if "::" in name})
COMMANDS = sorted({name for names in SHOWN.values() for name in names if "::" not in name})


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_fault_is_shown_by_something() -> None:
    assert list(SHOWN) == [f"F{number}" for number in range(1, len(SHOWN) + 1)]
    assert len(SHOWN) >= 44
    assert all(SHOWN.values())


@pytest.mark.parametrize("name", TESTS)
def test_a_test_that_is_named_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    assert test in names_in(PROJECT / path)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_named_is_there(name: str) -> None:
    make, target, *_ = name.split()
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert make == "make"
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
