"""A handover as Markdown, to be pasted into a ticket or a chat.

Titles and details come from alerts, servers and people: nothing in them may become a heading, a
link, a picture or a line of its own.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.urls import reverse

from opsmanager.common.templatetags.terminal import visible
from opsmanager.common.templatetags.times import duration, local
from opsmanager.common.templatetags.values import percent, words
from opsmanager.home.coming import Ahead
from opsmanager.home.handover import Handover, Item, Listed
from opsmanager.home.places import Cooldown, Tended

_LONGEST: Final = 200
# An underscore within a word, as runbooks' ids have them, means nothing in Markdown.
_MEANS_SOMETHING: Final = re.compile(r"[\\`*\[\]<>|~#!@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def markdown(handover: Handover) -> str:
    """Return the handover as a text of Markdown."""
    shift, hours = handover.shift, f"{handover.shift.hours:g} h"
    parts = [
        f"# Shift handover, {_clock(shift.start)} to {_clock(shift.end)} ({hours})",
        f"As of {_clock(handover.as_of)}. Times are in UTC.",
        "\n".join(_ran(handover)),
        *_lists(handover),
        *_section(f"Next {shift.hours_ahead} hours", _ahead(handover.ahead)),
        *_section("Cooldowns", map(_cooldown, handover.cooldowns)),
        *_section("In maintenance", map(_tended, handover.maintenance)),
        *_section(
            "Not well", (f"- {words(part.name)}: {_said(part.detail)}" for part in handover.unwell)
        ),
        f"[Open the handover]({_absolute(_address(handover))})",
    ]
    return "\n\n".join(parts) + "\n"


def _ran(handover: Handover) -> Iterator[str]:
    ran, alerts = handover.ran, handover.alerts
    counts = ran.counts
    yield "## What ran"
    yield ""
    yield (
        f"- {counts.total} executions: {_counted(ran.statuses) or 'none'}. "
        f"Success rate {percent(counts.success_rate)}."
    )
    if any(ran.verdicts.values()):
        yield f"- {_counted(ran.verdicts)}. Fix rate {percent(counts.fix_rate)}."
    if alerts is not None:
        yield f"- Incidents: {alerts.opened} opened, {alerts.resolved} resolved."


def _lists(handover: Handover) -> Iterator[str]:
    lists: tuple[tuple[str, Listed | None], ...] = (
        ("Open incidents", handover.open_incidents),
        ("To be decided", handover.undecided),
        ("Still broken", handover.still_broken),
        ("Rules that were stopped", handover.breakers),
        ("Approvals", handover.approvals),
        ("In progress", handover.in_progress),
        ("Failed in this time, and mended since", handover.mended),
        ("Schedules that did not run", handover.missed),
    )
    for title, listed in lists:
        if listed is None:
            continue
        lines = [_item(item) for item in listed.items]
        if listed.has_more:
            lines.append("- And more.")
        yield from _section(title, lines, count=listed.count)


def _section(title: str, lines: Iterable[str], *, count: str = "") -> Iterator[str]:
    """Return a section, or nothing where nothing is in it."""
    found = list(lines)
    if found:
        yield f"## {title} ({count or len(found)})"
        yield "\n".join(found)


def _item(item: Item) -> str:
    where = f", {_said(str(item['server']))}" if item["server"] else ""
    detail = f": {_said(item['detail'])}" if item["detail"] else ""
    when = f" ({_clock(item['when'])})" if item["when"] else ""
    link = f"[{_said(item['title'])}]({_absolute(item['url'])})"
    return f"- **{words(item['badge'])}** {link}{where}{when}{detail}"


def _ahead(ahead: Ahead | None) -> Iterator[str]:
    if ahead is None:
        return
    for row in ahead.rows:
        url = _absolute(reverse("automation:schedule_detail", args=[row.schedule.pk]))
        more = f", {row.more} more" if row.more else ""
        at = f"{local(row.local)} {row.schedule.timezone}"
        yield f"- [{_said(row.schedule.name)}]({url}) {at}{more}"
    if ahead.left_out:
        yield f"- And {ahead.left_out} more schedules."


def _cooldown(cooldown: Cooldown) -> str:
    execution = cooldown.execution
    left = duration(cooldown.seconds_left * 1000)
    return f"- {_said(execution.runbook.title)} on {_said(execution.server.name)}: {left} left"


def _tended(place: Tended) -> str:
    until = f" until {_clock(place.until)}" if place.until else ""
    reason = f": {_said(place.reason)}" if place.reason else ""
    return f"- {'The group ' if place.is_group else ''}{_said(place.name)}{until}{reason}"


def _counted(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count} {words(kind).lower()}" for kind, count in kinds.items() if count)


def _said(text: str) -> str:
    line = " ".join(visible(text).split())
    short = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return _MEANS_SOMETHING.sub(lambda sign: f"\\{sign[0]}", short)


def _clock(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def _address(handover: Handover) -> str:
    shift = handover.shift
    times = (shift.start, shift.end)
    start, end = (when.strftime("%Y-%m-%dT%H:%M:%SZ") for when in times)
    return f"{reverse('handover')}?startDate={start}&endDate={end}"
