"""Which servers and groups a user can limit an API token to; told by the layer that knows them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from opsmanager.accounts.models import User


@dataclass(frozen=True, kw_only=True)
class Place:
    """A server, or a group of them."""

    id: UUID
    name: str
    is_group: bool


Source = Callable[[User], Iterable[Place]]
_sources: list[Source] = []


def offered_by(source: Source) -> None:
    """Let a layer above offer what a user may see, each time it is asked for."""
    if source not in _sources:
        _sources.append(source)


def of(user: User) -> list[Place]:
    """Return what the user may see, groups first, by name."""
    found = [place for source in _sources for place in source(user)]
    return sorted(found, key=lambda place: (not place.is_group, place.name.casefold()))
