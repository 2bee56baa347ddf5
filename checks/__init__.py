"""Checks of `make check` that need more than one command."""
