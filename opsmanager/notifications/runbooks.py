"""Which runbooks a channel can be limited to; told by the layer that knows them."""

from collections.abc import Callable, Iterable

Runbook = tuple[str, str]
"""Its id, such as SERVICE_RESTART, and its title."""
_sources: list[Callable[[], Iterable[Runbook]]] = []


def offered_by(source: Callable[[], Iterable[Runbook]]) -> None:
    """Let a layer above offer its runbooks, each time they are asked for."""
    if source not in _sources:
        _sources.append(source)


def known() -> dict[str, str]:
    """Return the titles by id, in the order of the titles."""
    found = [runbook for source in _sources for runbook in source()]
    return dict(sorted(found, key=lambda runbook: runbook[1].casefold()))
