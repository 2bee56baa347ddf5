"""The trail as its readers ask for it: administrators, and nobody else."""

import ipaddress
from typing import Final

from django.db import connection
from django.db.models import Model, Q, QuerySet

from opsmanager.accounts import permissions
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Invalid, NotFound
from opsmanager.common.search import Found, holding, terms

VIEW: Final = "audit.view_auditevent"

# DISTINCT would read the whole table; this jumps from one verb to the next in the index.
_VERBS: Final = """
WITH RECURSIVE found AS (
    SELECT min(verb) AS verb FROM audit_auditevent
    UNION ALL
    SELECT (SELECT min(e.verb) FROM audit_auditevent e WHERE e.verb > found.verb)
      FROM found WHERE found.verb IS NOT NULL
)
SELECT verb FROM found WHERE verb IS NOT NULL
"""


def require_reader(user: permissions.Actor) -> None:
    """Raise :class:`NotPermitted` unless the user may read the trail."""
    permissions.require(
        user, VIEW, "Your role may not read the audit trail; administrators may. Ask one of them."
    )


def visible_to(user: permissions.Actor) -> QuerySet[AuditEvent]:
    """Return the events, newest first. Raises :class:`NotPermitted`."""
    require_reader(user)
    return AuditEvent.objects.order_by("-seq")


def of_target(user: permissions.Actor, target: Model) -> QuerySet[AuditEvent]:
    """Return what was done to one thing, newest first. Raises :class:`NotPermitted`."""
    return visible_to(user).filter(target_type=type(target).__name__, target_id=str(target.pk))


def get(user: permissions.Actor, seq: int) -> AuditEvent:
    """Return one event. Raises :class:`NotPermitted`, :class:`NotFound`."""
    event = visible_to(user).filter(seq=seq).first()
    if event is None:
        raise NotFound("There is no such event. Old months leave the trail after some time.")
    return event


def search(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """Return the events that hold all terms: in verb, names, message or target's id."""
    for term in terms(text):
        rows = Found.among(rows.filter(holding(term)))
    return rows


def by(rows: QuerySet[AuditEvent], actor: str) -> QuerySet[AuditEvent]:
    """Return what one acted, named by user name or id, or by kind and name: ``WORKER:host-1``."""
    actor = actor.strip()
    if not actor:
        return rows
    kind, _, name = actor.partition(":")
    return rows.filter(
        Q(actor_name=actor) | Q(actor_id=actor) | Q(actor_type=kind.upper(), actor_name=name)
    )


def from_address(rows: QuerySet[AuditEvent], address: str) -> QuerySet[AuditEvent]:
    """Return what was asked for from one address. Raises :class:`Invalid`."""
    address = address.strip()
    if not address:
        return rows
    try:
        return rows.filter(address=str(ipaddress.ip_address(address)))
    except ValueError:
        sentence = "Use an IP address, such as 192.0.2.7."
        raise Invalid(
            f"address can't be read. {sentence}", details={"address": [sentence]}
        ) from None


def verbs() -> list[str]:
    """Return each verb that the trail holds, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_VERBS)
        return [row[0] for row in cursor.fetchall()]
