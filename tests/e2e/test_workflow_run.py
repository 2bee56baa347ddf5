"""Somebody starts a workflow, watches it wait for another person, and has it go on."""

from collections.abc import Sequence

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.stack.demo import Demo
from tests.stack.stack import Stack
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ENDED = "It ended because the workflow was cancelled."


def made(
    stack: Stack,
    nodes: dict[str, object],
    *pairs: tuple[str, str],
    inputs: Sequence[dict[str, object]] = (),
) -> str:
    """Save a workflow with an input for the server, and others; return its id."""
    definition = {
        "name": unique("Look and tell"),
        "inputs": [{"name": "server", "type": "server", "required": True}, *inputs],
        "nodes": nodes,
        "edges": [{"from": source, "to": target} for source, target in pairs],
    }
    saved = stack.api().post("automation/workflows", {"definition": definition}).expect(201)
    pk: str = saved["workflow"]["id"]
    return pk


def test_it_runs_before_ones_eyes_and_waits_for_another_person(
    stack: Stack, demo: Demo, reader: Reader
) -> None:
    look = {"kind": "run", "runbook": "HEALTH_CHECK", "server": "{{ inputs.server }}"}
    ask = {"kind": "wait", "approvals": 1, "title": "May it go on?", "message": "Look first."}
    told = {"kind": "note", "text": "Healthy: {{ results.look.result.healthy }}."}
    pk = made(stack, {"look": look, "ask": ask, "told": told}, ("look", "ask"), ("ask", "told"))
    server = demo.servers["web-1"]
    page = reader.page

    reader.visit(f"/workflows/{pk}/")
    page.get_by_role("link", name="Run…").click()
    page.locator("#id_own-input-server").select_option(server["name"])
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/workflow-runs/*/")
    graph = page.locator("svg.flow")
    expect(graph.locator("[data-node=look]")).to_contain_text("Succeeded", timeout=120_000)
    expect(graph.locator("[data-node=ask]")).to_contain_text("Running")
    expect(page.locator("#workflow_run_state")).to_contain_text("1 running, 1 succeeded, 1 waiting")
    assert "/approvals/" in (graph.locator("[data-node=ask] a").get_attribute("href") or "")

    # Who asked for it can't answer; another one does, and it goes on by itself.
    run = page.url.rstrip("/").rsplit("/", 1)[1]
    asked = stack.api().get(f"automation/approvals?workflowRunId={run}").expect(200)["approvals"]
    path = f"automation/approvals/{asked[0]['id']}/approve"
    assert stack.api().post(path, {}).status == 403
    stack.api(stack.user("MANAGER")).post(path, {}).expect(200)
    expect(page.locator("#workflow_run_state")).to_contain_text("All has ended.", timeout=120_000)
    expect(page.locator("#step-told")).to_contain_text("Healthy: ")
    graph.locator("[data-node=look] a").click()
    page.wait_for_url("**/executions/*/")


def test_it_is_cancelled_while_it_waits_and_goes_on_from_there(
    stack: Stack, demo: Demo, reader: Reader
) -> None:
    pk = made(stack, {"pause": {"kind": "wait", "seconds": 3600}})
    page = reader.page
    reader.visit(f"/workflows/{pk}/run/")
    page.locator("#id_own-input-server").select_option(demo.servers["web-1"]["name"])
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/workflow-runs/*/")
    state = page.locator("#workflow_run_state")
    expect(page.locator("#step-pause")).to_contain_text("Waits until", timeout=60_000)

    def cancel() -> None:
        page.get_by_role("button", name="Cancel the workflow").click()
        page.get_by_role("button", name="Cancel it").click()
        expect(state).to_contain_text(
            "It ended because the workflow was cancelled.", timeout=60_000
        )

    cancel()
    page.get_by_role("button", name="Go on from what failed").click()
    expect(page.locator("#step-pause")).to_contain_text("Waits until", timeout=60_000)
    expect(state).to_contain_text("Somebody had it go on 1 time.")
    cancel()
