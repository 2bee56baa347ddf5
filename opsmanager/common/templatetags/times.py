"""Say times and durations as a tired person reads them, with the exact value one hover away."""

from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000


@register.filter
def duration(milliseconds: float | None) -> str:
    """Return a length of time with two units at most; an empty string for ``None``.

    >>> [duration(ms) for ms in (0, 340, 2_140, 59_999, 65_000, 7_380_000, 180_000_000)]
    ['0 ms', '340 ms', '2.1 s', '60 s', '1 min 05 s', '2 h 03 min', '2 d 2 h']
    """
    if milliseconds is None:
        return ""
    ms = round(milliseconds)
    if ms < _SECOND:
        return f"{ms} ms"
    if ms < _MINUTE:
        return f"{ms / _SECOND:.1f}".removesuffix(".0") + " s"
    if ms < _HOUR:
        return f"{ms // _MINUTE} min {ms % _MINUTE // _SECOND:02d} s"
    if ms < _DAY:
        return f"{ms // _HOUR} h {ms % _HOUR // _MINUTE:02d} min"
    return f"{ms // _DAY} d {ms % _DAY // _HOUR} h"


@register.filter
def seconds(value: float | None) -> str:
    """Return a length of time given in seconds, as :func:`duration` says it."""
    return "" if value is None else duration(value * _SECOND)


@register.filter
def moment(when: datetime | None) -> str:
    """Return a point in time in full, in UTC; an empty string for ``None``."""
    return "" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


@register.filter
def clock(when: datetime | None) -> str:
    """Return the time of day in UTC, for rows that stand under a date."""
    return "" if when is None else when.astimezone(UTC).strftime("%H:%M:%S")


@register.filter
def local(when: datetime | None) -> str:
    """Return a point in time as the clocks of its own zone show it: "Mon 2026-11-30 03:15"."""
    return "" if when is None else when.strftime("%a %Y-%m-%d %H:%M")


@register.simple_tag
def ago(when: datetime | None) -> SafeString | str:
    """Return a ``<time>`` such as "3 min ago" or "in 2 h"; the page's clock keeps it current.

    ``{% ago execution.finished_at %}``
    """
    if when is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        when.astimezone(UTC).isoformat(timespec="seconds"),
        moment(when),
        _distance(when),
    )


@register.simple_tag
def elapsed(since: datetime | None) -> SafeString | str:
    """Return a ``<time>`` with how long something has been going on; it ticks in the browser.

    ``{% elapsed execution.started_at %}``
    """
    if since is None:
        return ""
    gone = (timezone.now() - since).total_seconds() * _SECOND
    return format_html(
        '<time datetime="{}" title="since {}" data-elapsed>{}</time>',
        since.astimezone(UTC).isoformat(timespec="milliseconds"),
        moment(since),
        duration(max(0, gone // _SECOND * _SECOND)),
    )


@register.simple_tag
def countdown(seconds_left: float | None) -> SafeString | str:
    """Return a ``<time>`` with how long it is still to go; it ticks in the browser.

    ``{% countdown cooldown.seconds_left %}``
    """
    if seconds_left is None:
        return ""
    until = timezone.now() + timedelta(seconds=seconds_left)
    return format_html(
        '<time datetime="{}" title="until {}" data-countdown>{}</time>',
        until.isoformat(timespec="seconds"),
        moment(until),
        duration(max(0, int(seconds_left)) * _SECOND),
    )


def _distance(when: datetime) -> str:
    gone = round((timezone.now() - when).total_seconds())
    if abs(gone) < 5:
        return "just now"
    if gone > 0:
        return f"{_largest_unit(gone)} ago"
    return f"in {_largest_unit(-gone, nearest=True)}"


def _largest_unit(seconds_: int, *, nearest: bool = False) -> str:
    """Return a length of time in one unit: what is full of it, or the ``nearest`` number.

    What was to last 90 days is not said to last 89 a second later.
    """
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds_ >= size:
            return f"{(seconds_ + (size // 2 if nearest else 0)) // size} {unit}"
    return f"{seconds_} s"
