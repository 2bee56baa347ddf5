"""The tests need real services, which `make test` starts around them."""

import os
from uuid import uuid4

import pytest
from _pytest.nodeid import NodeId

from tests.stack.services import RUN, drop_migrated

if not os.environ.get("DATABASE_URL"):
    pytest.exit("The tests need PostgreSQL and Redis. Run: make test ARGS=…", returncode=2)

os.environ.setdefault(RUN, uuid4().hex[:12])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests of one `xdist_group` in one process.

    pytest-xdist 3.8 writes the group to where pytest 9.2 no longer looks for it.
    """
    for item in items:
        with_group = getattr(item, "_nodeid", None)
        if with_group is not None:
            item._id = NodeId.parse(with_group)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave no database behind, on whatever server this ran."""
    if not hasattr(session.config, "workerinput"):
        drop_migrated(os.environ["DATABASE_URL"])
