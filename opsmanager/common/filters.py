"""The bar above a list: a search, choices, days, and what a link asked for; one for all lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Option = tuple[str, str]
"""What is sent, and the word for it."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A list to choose from."""

    name: str
    label: str
    """For who hears the page; the first option says the same to who sees it."""
    everything: str
    """The word for no choice; empty where one is always made."""
    options: tuple[Option, ...]
    value: str


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day to choose."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a link asked for, such as one server: shown until it is taken away."""

    name: str
    value: str
    shape: str
    word: str
    label: str
    """What taking it away does, for who hears the page."""
    also: tuple[str, ...] = ()
    """What goes with it when it is taken away."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The bar; ``table`` is the id of the region that it changes."""

    url: str
    """The name of the list's address."""
    table: str
    hint: str
    search: str
    choices: tuple[Choice, ...] = ()
    days: tuple[Day, ...] = ()
    asked: tuple[Asked, ...] = ()
    kept: tuple[Option, ...] = ()
    """What is sent along, unseen: name and value."""

    @property
    def trigger(self) -> str:
        """When htmx asks again: while one types, and once one chose."""
        named = (*(field.name for field in self.choices), *(day.name for day in self.days))
        chosen = (f"change from:find .filter-{name}" for name in named)
        typed = "input changed delay:300ms from:find [type=search]"
        return ", ".join((typed, *chosen, "submit"))


def linked(
    asked: Mapping[str, str], by_link: Iterable[tuple[str, str, str, str]]
) -> tuple[Asked, ...]:
    """Return what links asked for of what they can: the name, its shape, word and label each."""
    return tuple(
        Asked(name=name, value=asked[name], shape=shape, word=word, label=label)
        for name, shape, word, label in by_link
        if asked.get(name)
    )


def choice(
    asked: Mapping[str, str],
    name: str,
    label: str,
    options: Iterable[Option],
    *,
    everything: str = "",
    default: str = "",
) -> Choice:
    """Return a choice with what the query asks for."""
    value = asked.get(name, "") or default
    return Choice(
        name=name, label=label, everything=everything, options=tuple(options), value=value
    )
