"""The key that a form carries, so that sending it twice starts one thing: the first."""

from typing import Final

from django.http import HttpRequest

from opsmanager.common.uuids import as_uuid

FIELD: Final = "form_key"
"""The hidden field that holds it, on every form that starts something."""
SENT_BEFORE: Final = (
    "This form was sent before, with something else in it, and that was started. Look among the "
    "executions whether that will do; to start this as well, send it again."
)


def key_of(request: HttpRequest) -> str | None:
    """Return the idempotency key of a form that was sent; ``None`` where it carries none."""
    found = as_uuid(request.POST.get(FIELD, ""))
    return f"form:{found}" if found else None
