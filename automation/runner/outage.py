"""Tells what goes wrong because the database is away from what is wrong by itself."""

from django.db import DataError, Error, IntegrityError


def is_outage(problem: BaseException) -> bool:
    """Whether the database is to blame, so that trying again will help."""
    return isinstance(problem, Error) and not isinstance(problem, DataError | IntegrityError)
