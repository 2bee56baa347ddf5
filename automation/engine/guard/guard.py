"""Weighs a command: whether it may be sent to a server, and why not."""

from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from automation.engine.guard.asks import only_asks
from automation.engine.guard.call import Call
from automation.engine.guard.decision import ALLOWED, Decision, Refused, Severity, refusal
from automation.engine.guard.inner import SHELLS
from automation.engine.guard.rule import Rule
from automation.engine.guard.rules import READING, RULES
from automation.engine.guard.shell import Shell
from automation.engine.guard.wrappers import WRAPPERS

_KEPT = 4096
_PROGRAMS = (
    *SHELLS,
    *WRAPPERS,
    *(name for rule in RULES for name in rule.programs if name[0].isalpha() and name[-1] != "*"),
    "mkfs",
    "mkfs.ext4",
    "python3",
    "perl",
)


class Guard(Protocol):
    """What the engine asks before it sends a command."""

    def __call__(self, text: str, changes: bool = True, stdin: str = "") -> Decision:  # noqa: FBT001, FBT002
        """Return whether the text may be sent; ``changes`` when it is announced as a change."""


def weigh(text: str, changes: bool = True, stdin: str = "") -> Decision:  # noqa: FBT001, FBT002
    """Return whether a shell text may be sent to a server; an error inside is a refusal.

    ``stdin`` is what the text will be given to read. It may be a secret: it is not kept, and the
    decision holds no part of it.

    A text is also refused when nobody can tell what it runs, and one announced as reading when it
    certainly changes something.
    """
    if not stdin:
        return weigh_text(text, changes)
    return replace(_weighed(text, changes, (stdin,)), part="")


@lru_cache(maxsize=_KEPT)
def weigh_text(text: str, changes: bool) -> Decision:  # noqa: FBT001
    """Weigh a text that is given nothing to read; the same one but once."""
    return _weighed(text, changes, None)


def _weighed(text: str, changes: bool, stdin: tuple[str, ...] | None) -> Decision:  # noqa: FBT001
    rules = RULES if changes else (*RULES, *READING)
    shell = Shell(lambda call: _judge(call, rules), programs=_PROGRAMS)
    try:
        shell.read(text, stdin=stdin)
    except Refused as refused:
        return refused.decision
    except Exception as error:  # noqa: BLE001 - what the guard fails on must not pass
        return refusal(
            "GUARD_FAILED",
            Severity.OPAQUE,
            f"The guard itself failed on it ({type(error).__name__}); please report the command.",
            text,
        )
    return ALLOWED


def _judge(call: Call, rules: tuple[Rule, ...]) -> None:
    if only_asks(call):
        return
    for rule in _rules_about(call.name, rules):
        if rule.holds(call):
            raise Refused(refusal(rule.id, rule.severity, rule.explanation, call.text))


@lru_cache(maxsize=_KEPT)
def _rules_about(name: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.looks_at(name))
