"""An administrator puts a workflow together by the builder, is told what is wrong, and mends it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from automation import workflows
from tests.e2e.browser import Reader
from tests.stack.demo import Demo
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_workflow_is_put_together_mended_saved_and_exported(
    demo: Demo, reader: Reader, tmp_path: Path
) -> None:
    page, name = reader.page, unique("Look, then restart")
    reader.visit("/workflows/")
    page.get_by_role("link", name="New workflow").first.click()
    page.wait_for_url("**/workflows/new/")
    builder = page.locator("#workflow_builder")
    expect(builder).to_contain_text("Nothing yet")
    page.locator("#id_head-name").fill(name)

    # What it wants to know.
    page.locator("#id_inputs-name_0").fill("server")
    page.locator("#id_inputs-required_0").check()

    # First it looks. What was typed above goes along.
    page.get_by_role("button", name="Run a runbook").click()
    expect(page.locator("#node-title")).to_contain_text("Run a runbook")
    expect(page.locator("#id_node-where")).to_have_value("server:{{ inputs.server }}")
    page.locator("#id_node-title").fill("Look first")
    page.locator("#id_node-runbook").select_option("HEALTH_CHECK")
    expect(page.locator(".workflow-known")).to_contain_text("diskPercentMax")
    expect(page.locator("#id_node-title")).to_have_value("Look first")
    page.get_by_role("button", name="Put it in").click()
    graph = page.locator("svg.flow")
    expect(graph.locator("[data-node=look_first]")).to_contain_text("HEALTH_CHECK")

    # Then it restarts, where that is needed; the parameter is forgotten.
    page.get_by_role("button", name="Run a runbook").click()
    page.locator("#id_node-title").fill("Restart it")
    page.locator("#id_node-runbook").select_option("SERVICE_RESTART")
    expect(page.locator(".workflow-known")).to_contain_text("serviceName")
    expect(page.locator("#id_node-after_0")).to_have_value("look_first")
    page.locator("#id_node-when_0").fill("not results.look_first.result.healthy")
    page.get_by_role("button", name="Put it in").click()
    expect(graph.locator("path.flow-way")).to_have_count(1)
    page.get_by_role("button", name="Save").click()
    wrong = page.locator(".workflow-findings li")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("nodes.restart_it.parameters.serviceName")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    # Chromium itself writes every answer of 422 to the console.
    reader.forgive("422")

    # It is mended where it is wrong; nothing that was typed is lost.
    page.get_by_role("button", name=re.compile("^Edit Restart it$")).click()
    when = page.locator("#id_node-when_0")
    expect(when).to_have_value("not results.look_first.result.healthy")
    page.locator("#id_node-parameters").fill("serviceName: shop")
    page.get_by_role("button", name="Change it").click()
    expect(page.locator(".workflow-findings")).to_have_count(0)
    expect(page.locator("#id_text")).to_have_value(re.compile(r"serviceName: shop"))

    # The condition is tried out with what an earlier look said.
    page.locator("#id_try-expression").fill("not results.look_first.result.healthy")
    page.locator("#id_try-results").fill("look_first: {result: {healthy: false}}")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#workflow_try [role=status]")).to_contain_text("yes or no")
    expect(page.locator("#workflow_try pre")).to_have_text("true")

    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/workflows/[0-9a-f-]{36}/$"))
    expect(page.locator("h1")).to_contain_text(name)
    expect(page.locator("svg.flow [data-node=restart_it]")).to_contain_text("SERVICE_RESTART")

    with page.expect_download() as waited:
        page.get_by_role("link", name="Export YAML").click()
    file = tmp_path / waited.value.suggested_filename
    waited.value.save_as(file)
    assert file.suffix == ".yaml"
    exported = workflows.load(file.read_text())
    assert exported.name == name
    assert list(exported.nodes) == ["look_first", "restart_it"]
    (edge,) = exported.edges
    assert edge.when == "not results.look_first.result.healthy"

    # On a phone, a list says the same.
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator("svg.flow")).to_be_hidden()
    listed = page.locator(".flow-list > li")
    expect(listed).to_have_count(2)
    expect(listed.nth(1)).to_contain_text("After look_first, if not")


def test_a_workflow_comes_in_from_a_file(demo: Demo, reader: Reader, tmp_path: Path) -> None:
    page, name = reader.page, unique("From Git")
    file = tmp_path / "from-git.yaml"
    file.write_text(f"name: {name}\nnodes:\n  told: {{kind: note, text: Hello}}\n")
    reader.visit("/workflows/new/")
    page.locator("#id_file").set_input_files(file)
    page.get_by_role("button", name="Look it over").last.click()
    expect(page.locator("svg.flow [data-node=told]")).to_contain_text("Hello")
    expect(page.locator("#id_head-name")).to_have_value(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/workflows/[0-9a-f-]{36}/$"))
    reader.visit("/workflows/?search=" + name)
    expect(page.locator("#workflow_table")).to_contain_text("1 node")
