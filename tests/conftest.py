"""The tests need real services, which `make test` starts around them."""

import os
from pathlib import Path
from uuid import uuid4

import pytest
from _pytest.nodeid import NodeId

from tests.stack.services import RUN, drop_migrated

if not os.environ.get("DATABASE_URL"):
    pytest.exit("The tests need PostgreSQL and Redis. Run: make test ARGS=…", returncode=2)

os.environ.setdefault(RUN, uuid4().hex[:12])

_TESTS = Path(__file__).parent
_NOT_MEASURED = (
    "access/",
    "budgets/",
    "docs/",
    "e2e/",
    "faults/",
    "stack/",
    "automation/engine/guard/test_spellings.py",
    "opsmanager/common/api/test_hostile_bodies.py",
)
"""Tests that go through everything, or run it in processes of its own: other tests look at each
line closely, and to count the lines once more takes half as long again."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests of one `xdist_group` in one process, and say of which the lines are counted.

    pytest-xdist 3.8 writes the group to where pytest 9.2 no longer looks for it.
    """
    for item in items:
        with_group = getattr(item, "_nodeid", None)
        if with_group is not None:
            item._id = NodeId.parse(with_group)
        if str(item.path.relative_to(_TESTS)).startswith(_NOT_MEASURED):
            item.add_marker("no_cover")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave no database behind, on whatever server this ran."""
    if not hasattr(session.config, "workerinput"):
        drop_migrated(os.environ["DATABASE_URL"])
