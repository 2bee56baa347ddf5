"""Writing the trail: one line beside each change of state, in the same transaction."""

import json
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from psycopg import sql

from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.audit.source import Source, current_address, current_source
from opsmanager.common import secrets_in_use
from opsmanager.common.connections import prepared_cursor

Actor = User | AnonymousUser | str | None
"""A user, or the name of what acted by itself, such as ``"worker:host-1"``."""

COLUMNS: Final = (
    "verb",
    "outcome",
    "actor_type",
    "actor_id",
    "actor_name",
    "address",
    "target_type",
    "target_id",
    "target_name",
    "message",
    "details",
)
"""All that the application's role may write. Number, time and transaction are the database's."""

_INSERT: Final = (
    sql.SQL("INSERT INTO audit_auditevent ({}) VALUES ({}) RETURNING seq, at")
    .format(
        sql.SQL(", ").join(map(sql.Identifier, COLUMNS)),
        sql.SQL(", ").join(sql.Placeholder() * len(COLUMNS)),
    )
    .as_string(None)
)


def record(
    verb: str,
    *,
    actor: Actor,
    target: Model | None = None,
    outcome: str = "OK",
    message: str = "",
    **details: Any,
) -> AuditEvent:
    """Record one event. ``details`` must be JSON; secrets in them, and in names, are masked.

    Of what a program does by an API token, ``details`` says in ``via`` by which. In the caller's
    transaction: if one of both fails, both do.
    """
    return _write(_columns(verb, actor, target, outcome, message, details))


def refuse(
    verb: str,
    *,
    actor: Actor,
    target: Model | None = None,
    message: str,
    **details: Any,
) -> None:
    """Record that something was refused, so that it outlives the rollback of what was refused.

    Within a request it is written once that is answered, in a transaction of its own; elsewhere
    at once.
    """
    columns = _columns(verb, actor, target, "REFUSED", message, details)
    source = current_source()
    if source is not None and source.is_request:
        source.refusals.append(columns)
    else:
        _write(columns)


def write_refusals(source: Source) -> None:
    """Write the refusals of a request that is answered."""
    for columns in source.refusals:
        _write(columns)


def current_actor() -> Actor:
    """Return who this thread works for, by the request or the command; ``None`` if unknown."""
    source = current_source()
    return source.actor() if source else None


def _columns(
    verb: str,
    actor: Actor,
    target: Model | None,
    outcome: str,
    message: str,
    details: dict[str, Any],
) -> dict[str, Any]:
    kind, actor_id, name = _who(actor)
    redactor = secrets_in_use.redactor()
    return {
        "verb": verb,
        "outcome": outcome,
        "actor_type": kind,
        "actor_id": actor_id,
        "actor_name": name[:200],
        "address": current_address(),
        "target_type": type(target).__name__ if target else "",
        "target_id": str(target.pk) if target else "",
        "target_name": redactor.text(str(target))[:300] if target else "",
        "message": redactor.sentence(message),
        "details": redactor.value(details | _via(actor)),
    }


def _write(columns: dict[str, Any]) -> AuditEvent:
    values = [columns[name] for name in COLUMNS[:-1]]
    with prepared_cursor() as cursor:
        cursor.execute(_INSERT, [*values, json.dumps(columns["details"])])
        seq, at = cursor.fetchone()
    return AuditEvent(seq=seq, at=at, **columns)


def _via(actor: Actor) -> dict[str, Any]:
    token = actor.token if isinstance(actor, User) else None
    if token is None:
        return {}
    return {"via": {"kind": "API_TOKEN", "id": str(token.pk), "name": token.name}}


def _who(actor: Actor) -> tuple[str, str, str]:
    if isinstance(actor, User):
        return "USER", str(actor.pk), actor.get_username()
    if isinstance(actor, str):
        kind, _, name = actor.partition(":")
        return kind.upper(), "", name
    return "ANONYMOUS", "", ""
