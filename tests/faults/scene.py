"""What a family of faults has to have around it, besides the world that all share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.world import World


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a scene says when all is settled."""

    wrong: list[str] = field(default_factory=list)
    said: str = ""
    """In a few words, what there was to judge."""


class Scene:
    """Nothing more than the world; others add what is theirs."""

    def judged(self) -> Judgement:
        """Judge what the scene added; it may wait for it."""
        return Judgement()


@contextmanager
def plain(_world: World, _name: str) -> Iterator[Scene]:
    """Add nothing."""
    yield Scene()
