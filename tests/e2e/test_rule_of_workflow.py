"""A rule that starts a workflow: written on its page, it mends the next incident by itself."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.e2e.test_rules import opened, until_resolved
from tests.e2e.test_walk import shop
from tests.e2e.test_workflow_run import made
from tests.stack.demo import Demo
from tests.stack.stack import Stack
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LOOK = {"kind": "run", "runbook": "HEALTH_CHECK", "server": "{{ inputs.server }}"}
RESTART = {
    "kind": "run",
    "runbook": "SERVICE_RESTART",
    "server": "{{ inputs.server }}",
    "parameters": {"serviceName": "{{ inputs.unit }}"},
}
UNIT = {"name": "unit", "type": "string", "required": True}


def test_it_is_written_suggests_and_mends(stack: Stack, demo: Demo, reader: Reader) -> None:
    title, name, page = unique("The shop is slow"), unique("Look and restart"), reader.page
    pk = made(stack, {"look": LOOK, "restart": RESTART}, ("look", "restart"), inputs=[UNIT])
    workflow = stack.api().get(f"automation/workflows/{pk}").expect(200)["workflow"]["name"]

    reader.visit("/rules/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Labels").fill(f"service = {title}")
    page.get_by_label("Workflow").select_option(label=workflow)
    page.get_by_label("Parameters").fill("server = {{ server.name }}\nunit = {{ labels.unit }}")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".page-head-sub")).to_contain_text(f"starts the workflow {workflow}")
    page.get_by_role("button", name="Suggests").click()

    server = shop(stack, demo)
    incident = opened(stack, title, server["id"])
    reader.visit(f"/incidents/{incident}/")
    start = page.locator("#rules").get_by_role("button", name=f"{workflow} for {server['name']}")
    start.click()
    page.get_by_role("button", name="Run it").click()
    page.wait_for_url("**/workflow-runs/*/")
    expect(page.locator("#workflow_run_state")).to_contain_text("All has ended.", timeout=120_000)

    until_resolved(page, f"{stack.address}/incidents/{incident}/")
    lines = page.locator("#timeline")
    expect(lines).to_contain_text(f"The rule {name} fixed it.")
    lines.get_by_role("link", name=f"The workflow {workflow} was started.").click()
    page.wait_for_url("**/workflow-runs/*/")
