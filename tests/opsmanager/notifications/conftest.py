"""Channels that lead to servers of the tests, and workers that send at once."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from opsmanager.common.addresses import Allowed
from opsmanager.notifications import wakeups
from opsmanager.notifications.message import Event, Message
from tests.automation.runner.web import WebServer

LOOPBACK = Allowed.parse(["127.0.0.0/8"])


def message(**fields: Any) -> Message:
    """Return a message about web1."""
    values: dict[str, Any] = {
        "event": Event.EXECUTION_FAILED,
        "severity": "HIGH",
        "title": "Restart a service failed on web1",
        "body": "It said no.",
        "path": "/executions/1/",
        "key": "execution:web1",
        "runbook_id": "SERVICE_RESTART",
    }
    return Message(**values | fields)


@pytest.fixture(autouse=True)
def inner_servers_are_open(settings: Any) -> None:
    """The tests' own servers listen on this machine."""
    settings.NOTIFY_ALLOWED_NETWORKS = LOOPBACK


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The deliveries for which a worker was woken."""
    ids: list[UUID] = []
    monkeypatch.setattr(wakeups, "send", ids.extend)
    return ids


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Somewhere that people read."""
    with WebServer() as server:
        yield server
