"""Which page somebody may have meant whose address leads nowhere."""

from difflib import get_close_matches
from typing import Final, NamedTuple

from django.urls import reverse

_PAGES: Final = {
    "handover": "Shift handover",
    "automation:runbook_list": "Runbooks",
    "automation:execution_list": "Executions",
    "automation:batch_list": "Batches",
    "automation:template_list": "Templates",
    "automation:workflow_list": "Workflows",
    "automation:schedule_list": "Schedules",
    "automation:analytics": "Analytics",
    "incidents:incident_list": "Incidents",
    "incidents:rule_list": "Rules",
    "servers:server_list": "Servers",
    "automation:guard": "Guard",
    "notifications:channel_list": "Notifications",
    "audit:event_list": "Audit",
    "account": "Your account",
    "admin:index": "Admin",
}
_LEAST_ALIKE: Final = 0.7


class Page(NamedTuple):
    """A page that one can go to."""

    url: str
    title: str


def meant_by(path: str) -> Page | None:
    """Return the page whose address begins much like ``path``, such as ``/incident/7``."""
    first = path.strip("/").partition("/")[0].lower()
    by_word = {reverse(name).strip("/"): Page(reverse(name), _PAGES[name]) for name in _PAGES}
    found = get_close_matches(first, by_word, n=1, cutoff=_LEAST_ALIKE)
    return by_word[found[0]] if found else None
