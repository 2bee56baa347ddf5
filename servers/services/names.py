"""The names by which alerts call a server: none stands for two servers."""

import re
from collections.abc import Iterable
from typing import Final

from django.db.models import Q
from django.db.models.functions import Lower

from opsmanager.common import locks
from opsmanager.common.problems import Invalid
from servers.models import Server

MOST_ALIASES: Final = 20
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9._:-]{0,251}[a-z0-9_])?\Z|::1?\Z")


def tidy(aliases: Iterable[str]) -> list[str]:
    """Return aliases in lower case, each once. Raises :class:`Invalid`."""
    found = list(dict.fromkeys(alias.strip().lower() for alias in aliases if alias.strip()))
    wrong = [alias for alias in found if not _NAME.match(alias)]
    if wrong:
        _refuse(
            [f"“{alias[:60]}” is no name: use letters, digits, dots and dashes." for alias in wrong]
        )
    if len(found) > MOST_ALIASES:
        _refuse([f"Use at most {MOST_ALIASES} aliases; these are {len(found)}."])
    return found


def require_own(server: Server, aliases: list[str]) -> None:
    """Raise :class:`Invalid` unless each name that the server is given is its own alone.

    In the transaction that saves them: of two that want the same name, the later one is refused.
    """
    locks.hold("servers:names")
    name = server.name.lower()
    others = Server.objects.exclude(pk=server.pk).annotate(low=Lower("name"), at=Lower("hostname"))
    taken = Q(aliases__contains=[name])
    if aliases:
        taken |= Q(low__in=aliases) | Q(at__in=aliases) | Q(aliases__overlap=aliases)
    wanted = set(aliases)
    said: dict[str, list[str]] = {}
    for other in others.filter(taken).order_by("name")[:MOST_ALIASES]:
        if name in other.aliases:
            said.setdefault("name", []).append(f"“{name}” is an alias of {other.name} already.")
        for alias in sorted(wanted & {*other.aliases, other.name.lower(), other.hostname.lower()}):
            said.setdefault("aliases", []).append(f"“{alias}” is a name of {other.name} already.")
    if said:
        first = next(iter(said.values()))[0]
        raise Invalid(f"{first} Alerts could mean either.", details=said)


def _refuse(said: list[str]) -> None:
    raise Invalid(said[0], details={"aliases": said})
