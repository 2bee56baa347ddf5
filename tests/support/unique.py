"""Names that no other test has."""

from uuid import uuid4


def unique(name: str) -> str:
    """Return `name` with an ending that no other test's has."""
    return f"{name}-{uuid4().hex[:8]}"
