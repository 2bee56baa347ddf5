"""Show the values of parameters, labels and assessments, whatever their type."""

import json
import re
from collections.abc import Mapping, Sequence

from django import template

from opsmanager.common.terminal_text import visible

register = template.Library()


@register.filter
def plain(value: object) -> str:
    """Return a JSON value as words: yes and no, lists with commas, a dash for nothing.

    >>> [plain(value) for value in (True, None, [80, 443], 2.50, {"a": 1}, "nginx")]
    ['yes', '—', '80, 443', '2.5', '{"a": 1}', 'nginx']
    """
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return visible(json.dumps(value, default=str, ensure_ascii=False))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(plain(item) for item in value)
    return visible(str(value))


@register.filter
def pairs(mapping: Mapping[str, object] | None) -> list[tuple[str, object]]:
    """Return a mapping's items, also of one that has a key called ``items``."""
    return list((mapping or {}).items())


@register.filter
def words(name: str) -> str:
    """Return a machine's name as people write it: ``NOT_FIXED`` is "Not fixed".

    >>> [words(name) for name in ("NOT_FIXED", "service_name", "verifyDelay", "MainPID", "")]
    ['Not fixed', 'Service name', 'Verify delay', 'Main pid', '']
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return parted.replace("_", " ").capitalize()


@register.filter
def percent(share: float | None) -> str:
    """Return a share of 0 to 1 as a percentage; a dash where there was nothing to count.

    >>> [percent(share) for share in (0.973, 1, 0.999, None)]
    ['97 %', '100 %', '99 %', '—']
    """
    # Rounded down: what failed once in a thousand times did not succeed always.
    return "—" if share is None else f"{int(share * 100 + 1e-9)} %"
