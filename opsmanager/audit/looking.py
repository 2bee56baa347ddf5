"""A look at the whole trail while somebody waits for the page or the answer."""

from datetime import timedelta
from typing import Final

from django.db import OperationalError

from opsmanager.audit import anchors
from opsmanager.audit.verify import Verification, verify
from opsmanager.common.problems import Unavailable

_TIMEOUT: Final = timedelta(seconds=60)


def look() -> Verification:
    """Verify with the anchors of the file that is set.

    Raises :class:`Unavailable` when it takes too long for somebody who waits, or the file can't be
    read.
    """
    try:
        return verify(anchors=anchors.kept(), timeout=_TIMEOUT)
    except anchors.AnchorsUnreadable as problem:
        raise Unavailable(f"{problem} Correct OPSMANAGER_AUDIT_ANCHOR_FILE.") from None
    except OperationalError as problem:
        raise Unavailable(
            "The trail is too long to be verified while you wait. Run `manage.py verify_audit`, "
            "which takes the time it needs."
        ) from problem
