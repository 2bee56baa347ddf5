"""What automation does when Django says that something happened."""

from typing import Any

from automation import catalog


def sync_catalog(**_: Any) -> None:
    """Give each runbook of the code its row, after a migration."""
    catalog.sync()
