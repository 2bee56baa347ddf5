"""What the table of access says of one route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.access.personas import ANONYMOUS, PERSONAS, ROLES, STRANGER
from tests.access.world import World

Body = Callable[[World], Mapping[str, Any]]

GROUPS = {
    "EVERYBODY": (STRANGER, *ROLES),
    "ADMINS": ("SUPER_ADMIN", "ADMIN"),
    "MANAGERS": ("SUPER_ADMIN", "ADMIN", "MANAGER"),
    "RUNNERS": ("SUPER_ADMIN", "ADMIN", "MANAGER", "NOC"),
    "READERS": ("SUPER_ADMIN", "ADMIN", "MANAGER", "NOC", "HELPDESK"),
}
"""Each with and without the server granted. With ``_THERE`` after it: only where the server is
granted, which administrators do not need. With ``-`` after it: only where it is not."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One method of a route: what is sent, and who gets which answer."""

    answers: Mapping[int, str]
    """Status by who gets it; ``*`` is everybody that no other status names."""
    body: Body | None = None
    anonymous: int | None = None
    """Without a login, where it differs from the route's other methods."""

    def expected(self, persona: str) -> int:
        """Return the status that a persona gets."""
        rest = next((status for status, who in self.answers.items() if who == "*"), None)
        found = [status for status, who in self.answers.items() if persona in _personas(who)]
        if len(found) > 1 or (not found and rest is None):
            raise ValueError(f"The table says {found or 'nothing'} of {persona}.")
        return found[0] if found else int(rest or 0)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One route: its address, its methods, and what somebody without a login gets."""

    url: Callable[[World], str]
    calls: Mapping[str, Call]
    anonymous: int | None = None
    """With each method; ``None`` where the calls say it."""
    other_methods: int = 405
    is_slow: bool = False
    """Whether a few are asked for all, since an answer takes long and is the same for everybody."""

    def expected(self, method: str, persona: str) -> int:
        """Return the status that a persona gets with a method."""
        call = self.calls.get(method)
        if persona == ANONYMOUS and call and call.anonymous is not None:
            return call.anonymous
        if persona == ANONYMOUS and self.anonymous is not None:
            return self.anonymous
        return call.expected(persona) if call else self.other_methods

    def worth_asking(self, method: str) -> tuple[str, ...]:
        """Return the personas that may get different answers."""
        asks_all = method in self.calls and not self.is_slow
        return PERSONAS if asks_all else (ANONYMOUS, STRANGER, "SUPER_ADMIN")


def _personas(who: str) -> set[str]:
    names: set[str] = set()
    for word in who.split():
        there, not_there = word.endswith("_THERE"), word.endswith("-")
        group = word.removesuffix("_THERE").removesuffix("-")
        for name in GROUPS.get(group, (group,)):
            only_there = there and name not in GROUPS["ADMINS"]
            names |= set() if only_there else {name}
            names |= set() if not_there else {f"{name}+"}
    return names & set(PERSONAS)
