"""Running demo servers, started once for all tests that leave them usable."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.embedded.demo.demo import Account, Demo, accounts, new_folder, remove

ACCOUNTS = accounts()
# The tests of one fleet stay together: each worker would start one of its own.
PARAMS = [
    pytest.param(one, id=one.name, marks=pytest.mark.xdist_group(f"fleet of {one.name}"))
    for one in ACCOUNTS
]


@pytest.fixture(scope="session", params=PARAMS)
def fleet(request: pytest.FixtureRequest) -> Iterator[Demo]:
    """The servers, contained, as root and as an ordinary user."""
    folder = new_folder(request.param)
    demo = Demo(request.param, folder)
    try:
        if not demo.contained:
            explain = f"This machine cannot contain demo servers: {demo.log.read_text()}"
            if os.environ.get("CI") == "true":
                pytest.fail(explain)
            pytest.skip(explain)
        yield demo
    finally:
        demo.close()
        remove(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = new_folder(Account("we"))
    yield folder
    remove(folder)


@pytest.fixture
def start(folder: Path) -> Iterator[object]:
    """Starts demo servers of a test's own; what is left of them ends with the test."""
    started: list[Demo] = []

    def start(**options: Any) -> Demo:
        demo = Demo(Account("we"), folder, **options)
        started.append(demo)
        return demo

    yield start
    for demo in started:
        demo.close()
