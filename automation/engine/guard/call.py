"""One program as it would be started, with the questions that rules ask of it."""

import re
from dataclasses import dataclass

from automation.engine.guard.paths import normal

_LETTERS = re.compile(r"^-[A-Za-z0-9]{2,6}$")
_OCTAL = re.compile(r"^[0-7]{3,4}$")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A program's name without its folder, its arguments, its input and where it runs.

    A redirection that writes is the call ``>`` of its target, an assignment the call ``=`` of name
    and value.
    """

    name: str
    args: tuple[str, ...] = ()
    stdin: tuple[str, ...] | None = None
    """What it may read: each possible text; ``None`` where nothing is given to it."""
    at: str = "~"
    """The folder it runs in."""
    word: str = ""
    """The program as it is spelled."""

    @property
    def text(self) -> str:
        """The words, for people."""
        return " ".join((self.word or self.name, *self.args))

    @property
    def options(self) -> tuple[str, ...]:
        """The arguments that are options."""
        ended = self.args.index("--") if "--" in self.args else len(self.args)
        return tuple(one for one in self.args[:ended] if one.startswith("-") and len(one) > 1)

    @property
    def operands(self) -> tuple[str, ...]:
        """The arguments that are no options."""
        ended = self.args.index("--") if "--" in self.args else len(self.args)
        before = tuple(one for one in self.args[:ended] if one == "-" or not one.startswith("-"))
        return (*before, *self.args[ended + 1 :])

    @property
    def paths(self) -> tuple[str, ...]:
        """The operands as paths."""
        return tuple(normal(one, self.at) for one in self.operands if one)

    def path(self, text: str) -> str:
        """Return a path as seen from where the program runs."""
        return normal(text, self.at)

    def has(self, letters: str, *names: str) -> bool:
        """Whether one of these options is given: letters alone or joined, names also cut short."""
        return any(
            (one.startswith("--") and _is_one_of(one[2:].partition("=")[0], names))
            or (one[1] != "-" and any(letter in one[1:] for letter in letters))
            for one in self.options
        )

    def flag(self, *names: str) -> bool:
        """Whether one of these is an argument, as it is or before ``=``."""
        return any(one.partition("=")[0] in names for one in self.args)

    def verb(self, *names: str) -> bool:
        """Whether the first operand is one of these."""
        return self.operands[:1] != () and self.operands[0] in names

    def values(self, *options: str) -> tuple[str, ...]:
        """Return what follows these options: the next argument, or what is joined to it."""
        found = [
            following
            for one, following in zip(self.args, self.args[1:], strict=False)
            if any(_ends_with(one, option) for option in options)
        ]
        for one in self.args:
            name, equals, value = one.partition("=")
            for option in options:
                if option.startswith("--"):
                    found += [value] if equals and _is_short_for(name, option) else []
                elif one.startswith(option) and one != option:
                    found.append(one[len(option) :])
        return tuple(found)

    def without(self, *options: str) -> tuple[str, ...]:
        """Return the operands, without the separate values of these options."""
        kept: list[str] = []
        skips = False
        for number, one in enumerate(self.args):
            if one == "--" and not skips:
                return (*kept, *self.args[number + 1 :])
            if skips:
                skips = False
            elif one.startswith("-") and len(one) > 1:
                skips = any(_ends_with(one, option) for option in options)
            else:
                kept.append(one)
        return tuple(kept)

    def settings(self, name: str) -> tuple[str, ...]:
        """Return the values of the arguments ``name=value``, as dd has them."""
        return tuple(one.partition("=")[2] for one in self.args if one.startswith(f"{name}="))

    def mode(self) -> str:
        """Return the mode that chmod is given."""
        found = [one for one in self.args if _OCTAL.match(one) or re.match(r"^[ugoa,]*[-+=]", one)]
        return next((one for one in found if one not in self.options or len(one) == 2), "")


def _ends_with(given: str, option: str) -> bool:
    """Whether a word is this option, cut short or last of several letters."""
    if option.startswith("--"):
        return _is_short_for(given, option)
    return given == option or (
        len(option) == 2 and given.endswith(option[1]) and bool(_LETTERS.match(given))
    )


def _is_short_for(given: str, option: str) -> bool:
    return len(given) > 4 and option.startswith(given)


def _is_one_of(given: str, names: tuple[str, ...]) -> bool:
    return len(given) > 2 and any(name.startswith(given) for name in names)
