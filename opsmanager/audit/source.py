"""On whose behalf this thread works now, and from where: what the trail needs to know of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from opsmanager.accounts.models import User


@dataclass(frozen=True, kw_only=True)
class Source:
    """A request, or a command in a terminal."""

    address: str | None = None
    """The peer's; ``None`` for a command."""
    actor: "Callable[[], User | AnonymousUser | str | None]"
    """Who acts. Asked late, for a request knows its user only once it is under way."""
    refusals: list[dict[str, Any]] = field(default_factory=list)
    """Columns of refusals' events, which are written once the request's transactions are over."""
    is_request: bool = True


_source: ContextVar[Source | None] = ContextVar("audit_source", default=None)


def current_source() -> Source | None:
    """Return what this thread works on behalf of; ``None`` where nobody said so."""
    return _source.get()


def current_address() -> str | None:
    """Return the address of the request being answered; ``None`` outside of one."""
    source = _source.get()
    return source.address if source else None


@contextmanager
def working_for(source: Source) -> Iterator[Source]:
    """Let events that are recorded meanwhile know their source."""
    token = _source.set(source)
    try:
        yield source
    finally:
        _source.reset(token)
