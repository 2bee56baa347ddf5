"""All rules, one file a family."""

from automation.engine.guard.rules import (
    accounts,
    cloud,
    coded,
    data,
    deletion,
    devices,
    files,
    lockout,
    permissions,
    processes,
    reading,
    remote,
)

RULES = (
    *deletion.RULES,
    *devices.RULES,
    *files.RULES,
    *permissions.RULES,
    *processes.RULES,
    *lockout.RULES,
    *accounts.RULES,
    *data.RULES,
    *remote.RULES,
    *coded.RULES,
    *cloud.RULES,
)
READING = reading.RULES
"""Those that hold beside the others for what is announced as reading."""
