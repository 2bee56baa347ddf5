"""Runbooks of an organisation's own, found by their entry point: the tests' way into a worker."""
