"""Validating asks a worker to look at the server, so it needs one that does."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from automation.models import Execution
from opsmanager.accounts.models import User
from servers import probing
from servers.models import Environment, Probe, Server
from servers.services import probes
from tests.automation import makers
from tests.automation.runner.conftest import in_thread
from tests.support.users import signed_in

CHECKS = (
    "serverCompatibility",
    "permissions",
    "rateLimitOk",
    "parametersValid",
    "serverReachable",
)


@pytest.fixture
def prober(committed: None) -> Iterator[None]:
    """Takes each look that is asked for, as workers do."""
    is_over = threading.Event()

    def take() -> None:
        while not is_over.wait(0.05):
            for pk in Probe.objects.filter(taken_at=None).values_list("pk", flat=True):
                probing.take(str(pk))

    thread = in_thread(take)
    yield
    is_over.set()
    thread.join(60)


def validate(user: User, server: Server, **more: Any) -> Any:
    body = {"serverId": str(server.pk), "parameters": {"path": "/tmp/x"}, **more}
    address = "/api/v1/automation/runbooks/SAMPLE_MENDING/validate"
    return signed_in(user).post(address, body, "application/json")


@pytest.mark.usefixtures("prober")
def test_a_launch_that_would_be_accepted_is_valid(server: Server) -> None:
    answer = validate(makers.user(operates=server), server)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "valid": True,
        "checks": dict.fromkeys(CHECKS, True),
        "warnings": [],
        "estimatedDuration": 30.0,
    }
    assert not Execution.objects.exists()


@pytest.mark.usefixtures("prober")
def test_each_condition_that_does_not_hold_says_why() -> None:
    server = makers.server(is_active=False, environment=Environment.PRODUCTION, in_maintenance=True)
    makers.entry(dangerous=True)
    makers.execution(server=server)

    answer = validate(makers.user(), server, parameters={})

    assert answer.status_code == 400
    body = answer.json()
    assert body["valid"] is False
    assert body["checks"] == dict.fromkeys(CHECKS, False)
    assert {name: error["code"] for name, error in body["errors"].items()} == {
        "serverCompatibility": "SERVER_INACTIVE",
        "permissions": "NOT_PERMITTED",
        "rateLimitOk": "RATE_LIMIT_EXCEEDED",
        "parametersValid": "VALIDATION",
        "serverReachable": "NOT_PERMITTED",
    }
    assert "may not have" in body["errors"]["serverReachable"]["message"]
    assert body["warnings"] == [
        "Mend a file is dangerous: it wants a confirmation.",
        f"{server.name} is a production server: it wants a confirmation.",
        f"{server.name} is in maintenance: somebody may be working on it.",
    ]


def test_without_a_worker_it_says_that_none_answered(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Twenty seconds in earnest.
    monkeypatch.setattr(probes.wait, "__kwdefaults__", {"seconds": 0.1})
    body = validate(makers.admin(), server).json()
    assert body["checks"]["serverReachable"] is False
    assert body["errors"]["serverReachable"]["code"] == "UNAVAILABLE"
