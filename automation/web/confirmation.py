"""What has to be typed or ticked before something risky runs, checked in one place."""

from collections.abc import Iterable
from typing import Any, Final

from django.http import HttpRequest

from automation.services.workflow_checks import Risks
from opsmanager.common.problems import ConfirmationNeeded
from servers.models import Server

FIELD: Final = "confirm_server"
"""The field in which it is typed, on every page."""
_TICK: Final = "confirm_dangerous"
"""The one that is ticked."""


def to_confirm(risks: Risks) -> dict[str, Any]:
    """Return what the part of a form shows that asks whether it is meant."""
    production = production_of(risks.production.values())
    return {
        "production": production,
        "phrase": phrase(production) if production else "",
        "is_dangerous": bool(risks.dangerous),
    }


def require_meant(request: HttpRequest, risks: Risks) -> bool:
    """Raise :class:`ConfirmationNeeded` unless what is risky was confirmed on the page.

    Return whether there was anything to confirm.
    """
    require_phrase_typed(request, risks.production.values())
    if risks.dangerous and request.POST.get(_TICK) != "on":
        titles = " and ".join(risks.dangerous)
        raise ConfirmationNeeded(f"{titles} is marked dangerous: tick that you mean it.")
    return bool(risks.sentences())


def require_name_typed(request: HttpRequest, server: Server) -> None:
    """Raise :class:`ConfirmationNeeded` unless the name of a production server was typed."""
    require_phrase_typed(request, [server])


def require_phrase_typed(request: HttpRequest, servers: Iterable[Server]) -> None:
    """Raise :class:`ConfirmationNeeded` unless it was typed how much of this is production."""
    found = production_of(servers)
    if not found or _plain(request.POST.get(FIELD, "")) == _plain(phrase(found)):
        return
    if len(found) == 1:
        raise ConfirmationNeeded(
            f"{found[0].name} is a production server: type its name to run this there."
        )
    names = ", ".join(server.name for server in found)
    raise ConfirmationNeeded(
        f"{len(found)} of the servers are in production: {names}. Type “{phrase(found)}” to run "
        "this there."
    )


def production_of(servers: Iterable[Server]) -> list[Server]:
    """Return the production servers among these, by name."""
    found = {server.pk: server for server in servers if server.is_production}
    return sorted(found.values(), key=lambda server: server.name)


def phrase(production: list[Server]) -> str:
    """Return what is to be typed: the name of a single server, else how many there are.

    The number alone would be typed without a look at what it counts.
    """
    if len(production) == 1:
        return production[0].name
    return f"{len(production)} production servers"


def _plain(text: str) -> str:
    return " ".join(text.split())
