"""Whatever the documentation tells people to type is run by a test, or says why it can't be."""

import pytest

from tests.docs.fences import PROJECT
from tests.docs.shell_blocks import EXCUSED, blocks, blocks_in, first_line, pages, to_run

ON_ONE_STACK = "tests/docs/test_documented_commands.py"
MAKE = "tests/docs/test_make_commands.py"

RUN_BY = {
    "README.md": (MAKE,),
    "CONTRIBUTING.md": (MAKE,),
    "docs/api.md": ("tests/docs/test_api_examples.py",),
    "docs/api-python.md": ("tests/docs/test_api_python.py",),
    "docs/first-contribution.md": ("tests/docs/test_example_diffs.py",),
    "docs/first-runbook.md": ("tests/docs/test_first_runbook.py",),
    "docs/first-server.md": ("tests/docs/test_first_server.py",),
    "docs/guide/alerts.md": (ON_ONE_STACK,),
    "docs/guide/approvals.md": (ON_ONE_STACK,),
    "docs/guide/audit.md": (ON_ONE_STACK,),
    "docs/guide/command-line.md": (ON_ONE_STACK,),
    "docs/guide/guard.md": (ON_ONE_STACK,),
    "docs/guide/servers.md": ("tests/docs/test_first_server.py",),
    "docs/guide/single-sign-on.md": (ON_ONE_STACK,),
    "docs/guide/templates.md": (ON_ONE_STACK,),
    "docs/guide/workflows.md": (ON_ONE_STACK,),
    "docs/operations/install.md": ("tests/docs/test_operators_commands.py",),
    "docs/operations/monitoring.md": (ON_ONE_STACK,),
    "docs/operations/recovery.md": ("tests/docs/test_operators_commands.py",),
    "docs/quickstart.md": (MAKE, ON_ONE_STACK),
    "docs/runbooks/disk-cleanup.md": (ON_ONE_STACK,),
    "docs/runbooks/file-backup.md": (ON_ONE_STACK,),
    "docs/runbooks/health-check.md": (ON_ONE_STACK,),
    "docs/runbooks/log-rotation.md": (ON_ONE_STACK,),
    "docs/runbooks/process-kill.md": (ON_ONE_STACK,),
    "docs/runbooks/service-restart.md": (ON_ONE_STACK,),
    "docs/testing.md": (MAKE,),
    "docs/writing-a-runbook.md": (ON_ONE_STACK,),
}
"""Which tests run the blocks of a page; each of them names the page."""

COMMANDS = {page: blocks(page) for page in pages()}


@pytest.mark.parametrize("page", [page for page, found in COMMANDS.items() if found])
def test_each_block_of_a_page_is_run_or_excused(page: str) -> None:
    left = [first_line(block) for block in to_run(page)]
    assert not left or page in RUN_BY, (
        f"Nothing runs these blocks of {page}: {left}. Let a test run them and name it in RUN_BY "
        "of tests/docs/test_every_command.py, or say in EXCUSED of tests/docs/shell_blocks.py why "
        "none can."
    )


@pytest.mark.parametrize(("page", "modules"), RUN_BY.items(), ids=list(RUN_BY))
def test_what_is_said_to_run_a_page_is_there_and_knows_it(
    page: str, modules: tuple[str, ...]
) -> None:
    assert COMMANDS.get(page), f"{page} has no block to run. Take it out of RUN_BY."
    assert to_run(page), f"Each block of {page} is excused. Take it out of RUN_BY."
    name = page.rpartition("/")[2]
    for module in modules:
        assert (PROJECT / module).is_file(), f"{module} is not there, and is to run {page}."
        text = (PROJECT / module).read_text(encoding="utf-8")
        assert name in text, f"{module} is to run {page}, and does not name it."


@pytest.mark.parametrize(("page", "line"), EXCUSED, ids=lambda word: word[:40])
def test_what_is_excused_is_there(page: str, line: str) -> None:
    found = [first_line(block) for block in COMMANDS.get(page, [])]
    assert found.count(line) == 1, (
        f"{page} has {found.count(line)} blocks that begin with {line!r}, of which one is excused. "
        "Renew or remove its entry in EXCUSED of tests/docs/shell_blocks.py."
    )
    assert EXCUSED[page, line]


def test_blocks_are_found_in_whatever_way_they_are_fenced() -> None:
    text = (
        "```sh\none\n```\n\n1. A step:\n\n"
        '    ``` bash title="x"\n    two\n      deeper\n    ```\n\n'
        "~~~console\n$ three\n~~~\n\n````shell\n```\nfour\n```\n````\n\n```python\nno\n```\n"
        "```text\nnot this\n```\n"
    )
    assert blocks_in(text) == ["one\n", "two\n  deeper\n", "$ three\n", "```\nfour\n```\n"]
