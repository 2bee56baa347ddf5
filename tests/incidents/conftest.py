"""The same library as the tests of automation have."""

from tests.automation.conftest import library, rows

__all__ = ["library", "rows"]
