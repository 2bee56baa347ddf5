"""Whether a rule fits an incident: each of its conditions, with its value and whether it holds.

In a text ``*`` stands for any text. There are no regular expressions: an answer takes time in
proportion to the text, whatever somebody wrote.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from incidents.models import Incident, RemediationRule, Severity

_SHOWN: Final = 100


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition: its name in the API, whether it holds, and a sentence with its value."""

    name: str
    holds: bool
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return what decisions keep of it."""
        return {"name": self.name, "holds": self.holds, "message": self.message}


def conditions(
    rule: RemediationRule, incident: Incident, groups: Collection[UUID]
) -> list[Condition]:
    """Return what the rule asks of an incident, whose server is of these groups.

    What the rule leaves open is not among it.
    """
    found = []
    if rule.sources:
        found.append(
            Condition(
                name="source",
                holds=incident.source in rule.sources,
                message=f"Its source is {incident.source}; the rule is for "
                f"{_any_of(rule.sources)}.",
            )
        )
    if rule.severities:
        wanted = [str(Severity(each).label) for each in rule.severities if each in Severity]
        is_severe = incident.severity in rule.severities
        label = Severity(incident.severity).label if incident.severity in Severity else "unknown"
        found.append(
            Condition(
                name="severity",
                holds=is_severe,
                message=f"Its severity is {label}; the rule is for {_any_of(wanted)}.",
            )
        )
    found += [_label(name, pattern, incident) for name, pattern in sorted(rule.labels.items())]
    if rule.title:
        found.append(
            Condition(
                name="title",
                holds=fits(rule.title.casefold(), incident.title.casefold()),
                message=f"Its title is “{_cut(incident.title)}”; the rule is for “{rule.title}”.",
            )
        )
    if rule.server_group_id is not None:
        found.append(
            Condition(
                name="serverGroup",
                holds=rule.server_group_id in groups,
                message=f"Its server must be of the group {rule.server_group}"
                + ("." if incident.server_id else "; it has no server that is known."),
            )
        )
    return found


def fits(pattern: str, text: str) -> bool:
    """Return whether the whole text is what the pattern says, ``*`` standing for any text."""
    first, *rest = pattern.split("*")
    if not rest:
        return first == text
    *middle, last = rest
    if len(text) < len(first) + len(last) or not text.startswith(first):
        return False
    if not text.endswith(last):
        return False
    # The leftmost place of each piece leaves the most room to those that follow.
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _label(name: str, pattern: str, incident: Incident) -> Condition:
    value = incident.labels.get(name)
    said = f"is “{_cut(str(value))}”" if value is not None else "is not there"
    return Condition(
        name=f"label {name}",
        holds=value is not None and fits(str(pattern), str(value)),
        message=f"The label {name} {said}; the rule wants “{pattern}”.",
    )


def _any_of(words: Collection[str]) -> str:
    return " or ".join(words)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
