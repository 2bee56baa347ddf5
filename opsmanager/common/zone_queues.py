"""What zones may be called, and the queues of each. It reads no settings: these are made of it."""

from functools import lru_cache
from typing import Final

from kombu.entity import Exchange, Queue

NAME: Final = r"^[a-z0-9][a-z0-9-]*\Z"
LONGEST: Final = 30
"""Characters of a zone's name."""
SAY_NAME: Final = "Use lower-case letters, digits and dashes, beginning with a letter or digit."
NO_ZONE: Final = ""
"""The zone of a server that names none."""
ZONED: Final = ("automation.high", "automation.normal", "automation.low", "servers")
"""The queues of what is done over SSH: of each there is one for each zone."""


@lru_cache(maxsize=1000)
def queue(name: str, zone: str = NO_ZONE) -> Queue:
    """Return the queue ``name``, or that of a zone in its place.

    Each has an exchange and a key of its own: else a message would reach them all.
    """
    full = f"zone.{zone}.{name}" if zone else name
    return Queue(full, Exchange(full, type="direct"), routing_key=full)  # type: ignore[no-untyped-call]
