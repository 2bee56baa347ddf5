"""Makes sources, and the alerts that they send."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import Incident, Source
from incidents.selectors import placing
from incidents.selectors.placing import Placed
from incidents.services import remediation, sources
from incidents.services.sources import Made
from incidents.sources.alert import Alert
from servers.models import Server
from tests.automation import makers

_numbers = count(1)


def made(kind: str = "alertmanager", **fields: Any) -> Made:
    """Make a source as an administrator does."""
    number = next(_numbers)
    actor = fields.pop("actor", None) or makers.admin()
    values = {"name": f"Source {number}", "slug": f"source-{number}", **fields}
    return sources.create(actor=actor, kind=kind, **values)


def source(kind: str = "alertmanager", **fields: Any) -> Source:
    """Make a source, of which the token does not matter."""
    return made(kind, **fields).source


def began(minutes_ago: float = 5) -> datetime:
    """Return when an alert began."""
    return timezone.now() - timedelta(minutes=minutes_ago)


def alert(**fields: Any) -> Alert:
    """Return an alert that fires."""
    values = {
        "fingerprint": "a1",
        "title": "nginx is down",
        "severity": "MEDIUM",
        "is_firing": True,
        "labels": {"alertname": "Down", "server": "web-1"},
        **fields,
    }
    return Alert(**values)


class Rules:
    """The rules of a test: which incidents they were asked about."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Incident] = []
        monkeypatch.setattr(remediation, "consider", self.asked.append)


class Places:
    """Finds the server that the test says, whatever the labels are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server: Server | None = None
        monkeypatch.setattr(placing, "find", self._find)

    def _find(self, labels: Any) -> Placed:
        return Placed(server=self.server, found_by="The label server says web-1.")
