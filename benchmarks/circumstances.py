"""When and where figures were measured, as is stored beside them."""

import os
import platform
from datetime import UTC, datetime


def circumstances() -> dict[str, str]:
    """Return the time and the machine."""
    return {
        "measuredAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
