"""The library with the tests' own runbooks in it."""

import pytest

from automation import catalog
from automation.engine.registry import Registry
from tests.automation.samples import SAMPLES


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The code's runbooks and the samples; their rows come with the fixture ``rows``."""
    both = Registry()
    for runbook in (*catalog.runbooks(), *SAMPLES):
        both.add(runbook)
    monkeypatch.setattr(catalog, "runbooks", lambda: both)
    return both


@pytest.fixture
def rows(db: None, library: Registry) -> None:
    """Give each runbook of the library its row, until the test is over."""
    catalog.sync()
