"""A rule: which programs it looks at, when it holds, and what it says then."""

from collections.abc import Callable
from dataclasses import dataclass

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that is refused."""

    id: str
    programs: frozenset[str]
    """Names of programs; one that ends in ``*`` stands for all that begin so."""
    holds: Callable[[Call], bool]
    explanation: str
    severity: Severity = Severity.DENY

    def looks_at(self, name: str) -> bool:
        """Whether the rule is about this program."""
        return name in self.programs or any(
            one.endswith("*") and name.startswith(one[:-1]) for one in self.programs
        )


def rule(
    id: str,  # noqa: A002
    programs: str,
    holds: Callable[[Call], bool],
    explanation: str,
    *,
    severity: Severity = Severity.DENY,
) -> Rule:
    """Return a rule; ``programs`` are their names, separated by spaces."""
    return Rule(
        id=id,
        programs=frozenset(programs.split()),
        holds=holds,
        explanation=explanation,
        severity=severity,
    )
