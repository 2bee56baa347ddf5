"""What beat asks for regularly."""

from opsmanager.accounts import housekeeping
from opsmanager.celery import app


@app.task
def prune_logins() -> None:
    """Delete what is left of logins that are over."""
    housekeeping.prune()
