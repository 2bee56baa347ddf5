"""Zones: networks that only machines inside reach, each with workers and queues of its own.

A server names its zone, and a worker in ``AUTOMATION_ZONES`` those that it serves. PostgreSQL
decides who may take what: each query for work asks for the zones of its worker. Queues only wake
the right one.
"""

from collections.abc import Iterable

from django.conf import settings
from kombu.entity import Queue

from opsmanager.common.zone_queues import NO_ZONE, ZONED, queue


def here() -> list[str]:
    """Return the zones that this process serves; without any, that of the servers without one."""
    return list(settings.AUTOMATION_ZONES) or [NO_ZONE]


def consumed(names: Iterable[str]) -> list[Queue]:
    """Return the queues that a worker here takes from when it is told to take from ``names``.

    In their order: what is urgent in any zone goes before what is not in another.
    """
    return [
        queue(name, zone) for name in names for zone in (here() if name in ZONED else [NO_ZONE])
    ]


def nobody(zone: str) -> str:
    """Say that no worker serves a zone, and what to do."""
    return f"No worker of zone {zone} is running. Start one there, or look at its log."
