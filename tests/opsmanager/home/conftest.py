"""The library with the tests' own runbooks in it."""

from tests.automation.conftest import library, rows

__all__ = ["library", "rows"]
