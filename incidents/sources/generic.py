"""Alerts of any system that sends JSON: a mapping says where in it each field stands.

The places are JMESPath expressions (https://jmespath.org), which only look: they call nothing and
change nothing. ``alerts`` finds the alerts in the body (the body itself without it), all others are
asked of each alert.
"""

from collections.abc import Mapping
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from incidents.sources import reading
from incidents.sources.alert import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    Alert,
    fingerprint_of,
    severity_of,
    url_of,
)
from incidents.sources.reading import Malformed

FIELDS: Final[Mapping[str, str]] = {
    "alerts": "The list of alerts in the body; empty for the body itself, which is one alert",
    "title": "What is wrong, in a line",
    "severity": "Such as critical, warning, P1",
    "status": "Such as firing or resolved; without it, all that comes fires",
    "fingerprint": "What is the same for the same trouble; without it, the labels are",
    "labels": "An object of texts",
    "description": "More about it",
    "url": "Where the source shows it",
    "beganAt": "Since when it fires, in ISO 8601",
    "endedAt": "Since when it is over, in ISO 8601",
}
"""What a mapping may name, and what stands there."""
USUAL: Final[Mapping[str, str]] = {
    "title": "title",
    "severity": "severity",
    "status": "status",
    "fingerprint": "fingerprint",
    "labels": "labels",
    "description": "description",
    "url": "url",
    "beganAt": "beganAt",
}
"""Of a source that was given no mapping: one's own script sends these."""
LONGEST_EXPRESSION: Final = 500

_FIRES: Final = {
    **dict.fromkeys(("firing", "fire", "alerting", "alert", "active", "open", "opened"), True),
    **dict.fromkeys(("triggered", "trigger", "problem", "down", "critical", "error"), True),
    **dict.fromkeys(("warning", "warn", "failing", "failed", "true", "1"), True),
    **dict.fromkeys(("acknowledged", "acknowledge", "ack"), True),
    **dict.fromkeys(("resolved", "resolve", "ok", "okay", "closed", "close"), False),
    **dict.fromkeys(("inactive", "recovered", "recovery", "up", "normal", "false", "0"), False),
}
_ACKNOWLEDGED: Final = ("acknowledged", "acknowledge", "ack")


def mistakes(mapping: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a mapping, in sentences; nothing for one that can be used."""
    found = []
    for name, expression in mapping.items():
        if name not in FIELDS:
            found.append(f"{name[:40]}: There is no such field. Use some of {', '.join(FIELDS)}.")
        elif not isinstance(expression, str) or len(expression) > LONGEST_EXPRESSION:
            found.append(f"{name}: Use a text of at most {LONGEST_EXPRESSION} characters.")
        elif expression:
            try:
                jmespath.compile(expression)
            except (JMESPathError, ValueError, RecursionError) as problem:
                where = getattr(problem, "lex_position", None)
                at = f" near character {where + 1}" if isinstance(where, int) else ""
                found.append(f"{name}: This is no JMESPath expression{at}. See jmespath.org.")
    if mapping and not mapping.get("title"):
        found.append("title: Say where the title stands.")
    return found


def alerts_of(payload: Any, mapping: Mapping[str, Any]) -> list[Alert]:
    """Return the alerts of a delivery. Raises :class:`Malformed`."""
    used = mapping or USUAL
    places = {name: jmespath.compile(text) for name, text in used.items() if text}
    if "alerts" not in places:
        return [_alert(payload, "The body", places)]
    found = _at(places["alerts"], payload, "alerts")
    if isinstance(found, dict):
        found = [found]
    rows = reading.a_list(found, "alerts")
    return [_alert(one, f"alerts[{at}]", places) for at, one in enumerate(rows)]


def _alert(value: Any, place: str, places: Mapping[str, ParsedResult]) -> Alert:
    one = reading.an_object(value, place)

    def text(name: str, longest: int = 1000) -> str:
        if name not in places:
            return ""
        return reading.text(_at(places[name], one, name), f"{place}, {name}", longest=longest)

    title = text("title", LONGEST_TITLE).strip()
    if not title:
        raise Malformed(f"{place}, title", "Nothing stands there. Correct the mapping, or send it.")
    status = text("status").strip().lower()
    if status and status not in _FIRES:
        raise Malformed(
            f"{place}, status", "Use firing, acknowledged or resolved, or a word like them."
        )
    found = _at(places["labels"], one, "labels") if "labels" in places else None
    labels = reading.labels(found, f"{place}, labels")
    own = text("fingerprint")
    is_firing = _FIRES.get(status, True)
    return Alert(
        # Without both, the title is all there is to know it by.
        fingerprint=fingerprint_of(own, labels or {"title": title}),
        title=title,
        description=text("description", LONGEST_DESCRIPTION),
        severity=severity_of(text("severity")),
        labels=labels,
        url=url_of(text("url")),
        is_firing=is_firing,
        is_acknowledged=status in _ACKNOWLEDGED,
        began_at=reading.a_time(text("beganAt"), f"{place}, beganAt"),
        ended_at=None if is_firing else reading.a_time(text("endedAt"), f"{place}, endedAt"),
    )


def _at(expression: ParsedResult, value: Any, name: str) -> Any:
    try:
        return expression.search(value)
    except (JMESPathError, TypeError, ValueError, RecursionError):
        raise Malformed(
            name, "The mapping's expression can't be used on what came. Correct it by a try-out."
        ) from None
