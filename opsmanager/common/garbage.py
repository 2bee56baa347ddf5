"""Spares Python's garbage collector what stays as long as the process does."""

import gc
from typing import Any, Final

_OBJECTS: Final = 20_000
"""New objects, more than those that went, after which it looks for cycles: half a megabyte or so.

Python's own 700 has it look several times in each request, and find nothing.
"""


def spare_what_stays(**_: Any) -> None:
    """Leave all that is loaded by now out of every later look: it is not going to be garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, 20, 20)
