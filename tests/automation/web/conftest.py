"""The same users as the API's tests have, in browsers."""

from tests.automation.api.conftest import as_, persona, server

__all__ = ["as_", "persona", "server"]
