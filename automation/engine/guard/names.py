"""Tables of names, written as text so that they can be read as tables."""


def names(text: str) -> tuple[str, ...]:
    """Return the names in a text, which spaces and line ends separate."""
    return tuple(text.split())
