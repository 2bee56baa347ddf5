"""A browser, and people who use it."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser import CHROMIUM, Reader, chromium
from tests.e2e.things import Things, make
from tests.stack.demo import Demo
from tests.stack.stack import PASSWORD, Stack


# Not for the whole session: while it is open, Django takes this thread for an asynchronous one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Chromium; skip, or fail on CI, where there is none."""
    if CHROMIUM is None:
        explain = "Chromium is not installed (Debian: chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(explain)
        pytest.skip(explain)
    with chromium() as started:
        yield started


@pytest.fixture
def reader(stack: Stack, browser: Browser) -> Iterator[Reader]:
    """Return somebody signed in as admin, who in the end has nothing to complain of."""
    with browser.new_context(viewport={"width": 1360, "height": 900}) as context:
        reader = Reader(context, stack.address)
        reader.sign_in("admin", PASSWORD)
        yield reader
    assert reader.complaints == []


@pytest.fixture
def plain_reader(stack: Stack, browser: Browser) -> Iterator[Reader]:
    """Return somebody signed in as admin whose browser runs no JavaScript."""
    with browser.new_context(java_script_enabled=False) as context:
        reader = Reader(context, stack.address)
        reader.sign_in("admin", PASSWORD)
        yield reader
    assert reader.complaints == []


@pytest.fixture(scope="module")
def things(stack: Stack, demo: Demo) -> Things:
    """Return one real thing of each kind."""
    return make(stack, demo)
