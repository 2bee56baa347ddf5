"""The rows of the library."""

from tests.automation.conftest import library, rows

__all__ = ["library", "rows"]
