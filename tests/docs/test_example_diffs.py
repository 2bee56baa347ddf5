"""The diffs of the page on the first contribution fit the code, and what they make of it is right.

A copy of the project is changed by them, one after another, and checked as `make check` and
`make test` would check it.
"""

import os
import re
from pathlib import Path

import pytest

from tests.docs.fences import DOCS
from tests.docs.project_copy import ProjectCopy, copied, require_git
from tests.stack.services import free_redis, fresh_database

DIFFS = [
    DOCS / "examples/contributing" / f"{name}.diff" for name in ("runbook", "endpoint", "page")
]
"""Each upon those before it."""
PAGE = DOCS / "first-contribution.md"

_EVERYBODY = "tests/access/test_access.py::test_everybody_gets_the_answer_of_the_table"
_TOKENS = "tests/access/test_tokens.py::test_nothing_comes_out_for_a_token_that_may_nothing"
_BUDGETS = (
    "tests/budgets/test_budgets.py"
    "::test_each_takes_its_queries_with_few_rows_and_with_three_times_as_many"
)
TABLES = (
    "tests/access/test_access.py::test_no_route_is_left_out_of_the_table",
    f"{_EVERYBODY}[api/v1/servers/]",
    f"{_EVERYBODY}[servers/]",
    f"{_TOKENS}[ADMIN+-neither]",
    f"{_TOKENS}[ADMIN+-no server]",
    "tests/automation/api/test_openapi.py",
    "tests/automation/api/test_runbooks.py::test_each_filter_of_the_library",
    "tests/automation/runbooks/test_guard_lets_the_library_pass.py",
    "tests/budgets/test_budgets.py::test_each_endpoint_that_shows_something_has_a_budget",
    f"{_BUDGETS}[endpoints-noc]",
    f"{_BUDGETS}[pages-noc]",
    "tests/docs/test_generated_client.py::test_each_method_is_named_by_what_it_does",
    "tests/docs/test_runbook_library.py::test_the_pages_are_current",
    "tests/e2e/test_every_page.py::test_no_page_is_left_out",
    "tests/opsmanager/common/api/test_schema.py::test_every_name_on_the_wire_is_in_camel_case",
    "tests/opsmanager/home/test_often.py",
    "tests/opsmanager/test_urls.py::test_nothing_but_what_is_public_answers_without_a_login[get]",
)
"""Tests that are there already and go through all runbooks, endpoints or pages. Of each kind only
as many as show that the diffs have their lines in it: they go through all else as well."""

_ADDED = re.compile(r"^--- /dev/null\n\+\+\+ b/(.*)$", re.MULTILINE)
_TOUCHED = re.compile(r"^\+\+\+ b/(.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """Return a copy of the project with all three changes."""
    require_git()
    project = copied(tmp_path_factory.mktemp("project"))
    for diff in DIFFS:
        project.apply(diff)
    return project


def touched() -> list[str]:
    """Return the Python files that a diff makes or changes."""
    names = {name for diff in DIFFS for name in _TOUCHED.findall(diff.read_text(encoding="utf-8"))}
    return sorted(name for name in names if name.endswith(".py"))


def own_tests(diff: Path) -> list[str]:
    """Return the files of tests that a diff makes."""
    added = _ADDED.findall(diff.read_text(encoding="utf-8"))
    return [name for name in added if Path(name).name.startswith("test_")]


def test_they_are_formatted_and_without_a_finding(changed: ProjectCopy) -> None:
    changed.run("ruff", "format", "--check", "--no-cache", *touched())
    changed.run("ruff", "check", "--no-cache", *touched())


def test_they_keep_to_the_layers(changed: ProjectCopy) -> None:
    assert "0 broken" in changed.run("lint-imports", "--no-cache", "--no-logo")


def test_the_document_of_the_api_is_renewed_in_them(changed: ProjectCopy, tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"
    words = ("manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    changed.run("python", *words)
    kept = (changed.folder / "docs/openapi.yaml").read_text(encoding="utf-8")
    assert made.read_text(encoding="utf-8") == kept


def test_their_tests_pass_and_so_do_those_that_go_through_everything(changed: ProjectCopy) -> None:
    own = [name for diff in DIFFS for name in own_tests(diff)]
    quiet = ("-q", "-rp", "-n", "0", "-p", "no:cacheprovider")
    with (
        fresh_database(os.environ["DATABASE_URL"]) as database,
        free_redis(os.environ["REDIS_URL"]) as redis,
    ):
        said = changed.run(
            *("pytest", *quiet, *own, *TABLES),
            env={"DATABASE_URL": database, "REDIS_URL": redis},
        )
    passed = [
        line.removeprefix("PASSED ") for line in said.splitlines() if line.startswith("PASSED ")
    ]
    assert all(own_tests(diff) for diff in DIFFS)
    ran = {name for name in (*own, *TABLES) if any(line.startswith(name) for line in passed)}
    assert ran == {*own, *TABLES}, said


def test_the_page_shows_each_of_them_whole() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for diff in DIFFS:
        assert f'--8<-- "examples/contributing/{diff.name}"' in text
