"""What the nodes of a workflow name, as far as the one it runs for may see it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from automation.models import CatalogEntry, Template
from automation.selectors import runbooks, templates
from automation.workflows import ForEach, text_of
from opsmanager.accounts.models import User
from opsmanager.common.problems import Invalid, NotFound
from opsmanager.common.uuids import as_uuid
from servers.models import Server, ServerGroup
from servers.selectors import groups, servers

_M = TypeVar("_M", bound=Model)


def runbook(actor: User, name: str) -> CatalogEntry:
    """Return a runbook by its id. Raises :class:`NotFound`."""
    return runbooks.get(actor, name)


def template(actor: User, name: str) -> Template:
    """Return a template by name or id. Raises :class:`NotFound`."""
    return _named(templates.visible_to(actor), name, "template")


def server(actor: User, name: str, known: Mapping[str, Any] | None = None) -> Server:
    """Return a server by name or id, which may be a template over what is ``known``.

    Raises :class:`NotFound`, :class:`~opsmanager.common.sandbox.TemplateInvalid`.
    """
    return _named(servers.visible_to(actor), text_of(name, known or {}), "server")


def group(actor: User, name: str) -> ServerGroup:
    """Return a group of servers by name or id. Raises :class:`NotFound`."""
    return _named(groups.visible_to(actor), name, "server group")


def each(actor: User, spread: ForEach, known: Mapping[str, Any]) -> list[Server]:
    """Return the servers that are named, in order and each once; of a group those switched on.

    Raises :class:`NotFound`, :class:`~opsmanager.common.sandbox.TemplateInvalid`, and
    :class:`Invalid` for none at all.
    """
    if spread.group is not None:
        named = group(actor, text_of(spread.group, known))
        found = list(groups.members(actor, named).order_by("name"))
        if not found:
            raise Invalid(
                f"The group {named.name} has no server that is switched on and that "
                f"{actor.get_username()} may see."
            )
        return found
    return list(dict.fromkeys(server(actor, name, known) for name in spread.servers or []))


def _named(rows: QuerySet[_M], name: str, kind: str) -> _M:
    uuid = as_uuid(name)
    found = rows.filter(name=name).first() or (rows.filter(pk=uuid).first() if uuid else None)
    if found is None:
        raise NotFound(f"There is no {kind} {name}, or you may not see it.")
    return found
