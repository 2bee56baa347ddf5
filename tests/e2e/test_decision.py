"""A person says how an execution ended whose end nobody saw."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.e2e.test_walk import wait_for_state
from tests.stack.demo import Demo
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_UNKNOWN = """
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from automation.models import CatalogEntry, Execution, ExecutionLog
now = timezone.now()
execution = Execution.objects.create(
    runbook=CatalogEntry.objects.get(runbook_id="SERVICE_RESTART"),
    server_id=given["server"],
    triggered_by="MANUAL",
    status="UNKNOWN",
    parameters={"serviceName": "mailer.service"},
    total_steps=1,
    step_titles=["Restart the unit"],
    current_step=1,
    waiting_since=None,
    started_at=now,
    finished_at=now,
    ask_server_at=now + timedelta(days=1),
)
ExecutionLog.objects.create(
    execution=execution,
    queued_at=execution.queued_at,
    seq=1,
    action_id=uuid4(),
    step_number=1,
    step_name="Restart the unit",
    step_type="SSH_COMMAND",
    command="systemctl restart mailer.service",
    changes=True,
    status="UNKNOWN",
    started_at=now,
)
print(execution.pk)
"""


def unknown(stack: Stack, server: dict[str, Any]) -> str:
    """Make an execution whose end nobody saw, and return its id."""
    return stack.python(_UNKNOWN, server=server["id"]).split()[-1]


def test_from_the_home_page_to_the_decision(stack: Stack, demo: Demo, reader: Reader) -> None:
    pk = unknown(stack, demo.servers["app-1"])
    page = reader.page
    reader.visit("/")
    page.locator(f"#needs_you a.btn[href='/executions/{pk}/#decision']").click()
    decision = page.locator("#decision")
    expect(decision).to_contain_text("Nobody knows how it ended")
    expect(decision).to_contain_text("systemctl restart mailer.service")

    page.get_by_label("It succeeded").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.locator("#decision_form .field-error")).to_contain_text("Say why")
    expect(page.get_by_label("It succeeded")).to_be_checked()
    page.get_by_label("What did you see on the server?").fill("It runs, since 03:12.")
    page.get_by_role("button", name="Decide").click()

    wait_for_state(page, "SUCCESS")
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text(re.compile(r"admin decided\s+that it succeeded"))
    expect(outcome).to_contain_text("It runs, since 03:12.")
    # Chromium itself writes every answer of 422 to the console.
    reader.forgive("422")


def test_what_is_typed_outlives_the_polls(stack: Stack, demo: Demo, reader: Reader) -> None:
    page = reader.page
    reader.visit(f"/executions/{unknown(stack, demo.servers['app-1'])}/")
    page.get_by_label("What did you see on the server?").fill("Let me look")
    with page.expect_response("**/state/*") as polled:
        pass
    assert polled.value.status == 204
    expect(page.get_by_label("What did you see on the server?")).to_have_value("Let me look")
