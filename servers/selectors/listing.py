"""The list of servers: what it can be asked for, and those that need somebody on top."""

from collections.abc import Mapping
from typing import Final

from django.db.models import (
    Case,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Now

from opsmanager.common.uuids import as_uuid
from servers.models import HostKey, HostKeyState, Probe, ProbeKind, Server
from servers.selectors import maintenance, servers
from servers.selectors.probes import PATIENCE

STATES: Final = (
    ("needs", "Needs somebody"),
    ("unreachable", "Not reachable"),
    ("unchecked", "Not checked"),
    ("reachable", "Reachable"),
    ("unaccepted", "Host key not accepted"),
    ("changed", "Host key changed"),
    ("maintenance", "In maintenance"),
    ("off", "Switched off"),
)
"""What a server's state can be asked for, and the words for it."""

ORDERS: Final = (
    ("needs", "What needs somebody first"),
    ("name", "By name"),
    ("checked", "Longest not checked first"),
)

_ORDER_BY: Final = {
    "name": ("name",),
    "checked": (F("checked_at").asc(nulls_first=True), "name"),
    "needs": ("urgency", "name"),
}
_NEEDS: Final = Q(is_active=True) & (Q(key_status="CHANGED") | Q(reachable=False))
_TENDED: Final = maintenance.IS_ON | Q(is_group_tended=True)
_IN: Final = {
    "needs": _NEEDS,
    "unreachable": Q(reachable=False),
    "unchecked": Q(reachable=None),
    "reachable": Q(reachable=True),
    "unaccepted": Q(key_status="UNKNOWN"),
    "changed": Q(key_status="CHANGED"),
    "maintenance": _TENDED,
    "off": Q(is_active=False),
}
_URGENCY: Final = Case(
    When(is_active=False, then=Value(9)),
    When(key_status="CHANGED", then=Value(0)),
    When(_TENDED, then=Value(8)),
    When(reachable=False, then=Value(1)),
    When(key_status="UNKNOWN", then=Value(2)),
    When(credential=None, then=Value(3)),
    When(reachable=None, then=Value(4)),
    default=Value(5),
    output_field=IntegerField(),
)


def asked_for(rows: QuerySet[Server], asked: Mapping[str, str]) -> QuerySet[Server]:
    """Return the rows that a query asks for, in its order.

    ``asked`` may hold ``search``, ``environment``, ``group`` (an id), ``state`` and ``order``;
    what it names that is not there asks for nothing. Each row has its ``key_status`` (UNKNOWN,
    ACCEPTED, CHANGED), whether it ``is_being_checked`` and whether it ``is_group_tended``.
    """
    rows = maintenance.marked(servers.search(rows, asked.get("search", ""))).annotate(
        key_status=_key_status(), is_being_checked=_being_checked()
    )
    if asked.get("environment"):
        rows = rows.filter(environment=asked["environment"])
    group = as_uuid(asked.get("group", ""))
    if group:
        rows = rows.filter(groups=group)
    if asked.get("state") in _IN:
        rows = rows.filter(_IN[asked["state"]])
    order = asked.get("order", "")
    order = order if order in _ORDER_BY else "needs"
    return rows.annotate(urgency=_URGENCY).order_by(*_ORDER_BY[order])


def still_checked(keys: list[str]) -> bool:
    """Return whether a worker still looks at every one of these servers."""
    ids = {pk for key in keys if (pk := as_uuid(key))}
    pending = Probe.objects.filter(server__in=ids, **_PENDING, requested_at__gt=Now() - PATIENCE)
    return bool(ids) and pending.values("server").distinct().count() == len(ids)


_PENDING: Final = {"kind": ProbeKind.CHECK, "finished_at": None}


def _being_checked() -> Exists:
    pending = Probe.objects.filter(server=OuterRef("pk"), **_PENDING)
    return Exists(pending.filter(requested_at__gt=Now() - PATIENCE))


def _key_status() -> Case:
    keys = HostKey.objects.filter(server=OuterRef("pk"))
    accepted = keys.filter(state=HostKeyState.ACCEPTED)
    other = keys.filter(state=HostKeyState.OFFERED).exclude(
        fingerprint__in=HostKey.objects.filter(
            server=OuterRef(OuterRef("pk")), state=HostKeyState.ACCEPTED
        ).values("fingerprint")
    )
    return Case(
        When(~Exists(accepted), then=Value("UNKNOWN")),
        When(Exists(other), then=Value("CHANGED")),
        default=Value("ACCEPTED"),
    )
