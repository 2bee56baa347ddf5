"""UUIDs as they come in from outside."""

from uuid import UUID


def as_uuid(text: str) -> UUID | None:
    """Return the UUID that the text spells, or ``None``."""
    try:
        return UUID(text)
    except ValueError:
        return None
