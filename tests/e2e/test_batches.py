"""A person runs one runbook on several servers, and sees on which it did what."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import PATIENCE_MS, Reader
from tests.stack.demo import Demo

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NAMES = ("app-1", "db-1", "web-1")


def tick(page: Page, demo: Demo) -> None:
    """Choose the three demo servers."""
    for name in NAMES:
        page.locator(f"input[name=servers][value='{demo.servers[name]['id']}']").check()


def test_a_batch_on_three_servers(demo: Demo, reader: Reader) -> None:
    page = reader.page
    reader.visit("/runbooks/HEALTH_CHECK/")
    page.get_by_role("link", name="On several servers").click()
    page.locator("[data-ticks-filter]").fill("production")
    expect(page.locator("[data-words]", has_text="web-1")).to_be_hidden()
    page.locator("[data-ticks-filter]").fill("")
    tick(page, demo)
    expect(page.locator("[data-chosen-count]")).to_have_text("3 servers chosen")
    run = page.get_by_role("button", name="Run", exact=True)
    expect(run).to_be_disabled()
    page.locator("#confirm-server").fill("db-1")
    page.get_by_label("At once").fill("2")
    run.click()
    expect(page.locator("#confirm-box")).to_contain_text("on 3 servers (1 in production)?")
    page.get_by_role("button", name="Run it").click()

    page.wait_for_url("**/batches/*/")
    page.evaluate("window.seenBefore = true")
    expect(page.locator("#batch_state [data-state=SUCCESS]")).to_have_text("3 succeeded")
    expect(page.locator("#batch_state[hx-trigger]")).to_have_count(0)
    assert page.evaluate("window.seenBefore"), "the page was loaded anew"
    for name in NAMES:
        row = page.locator(".batch-grid tbody tr", has_text=name)
        expect(row.locator(".grid-status [data-state=SUCCESS]")).to_be_visible()
        expect(row.locator(".cell[data-state=SUCCESS]")).to_have_count(2)
    expect(page.locator("#batch_sentence")).to_contain_text("3 succeeded.")
    page.locator("#saying-1 summary").click()
    expect(page.locator("#saying-1 .saying").first).to_be_visible()

    page.locator(".segments label", has_text="Failed").click()
    expect(page.locator(".batch-grid tbody tr", has_text="web-1")).to_be_hidden()
    page.locator(".segments label", has_text="All").click()
    page.locator(".batch-grid tbody tr", has_text="web-1").locator(".cell").first.click()
    page.wait_for_url("**/executions/*/#step-1")
    page.get_by_role("link", name="See all its servers").click()
    page.wait_for_url("**/batches/*/")


def test_a_dry_run_on_several_is_then_run_for_real_without_javascript(
    demo: Demo, plain_reader: Reader
) -> None:
    page = plain_reader.page
    plain_reader.visit("/runbooks/HEALTH_CHECK/batch/")
    tick(page, demo)
    page.get_by_role("button", name="Dry run").click()
    reload_until_over(page)
    page.get_by_role("link", name="Run it for real…").click()
    for name in NAMES:
        box = page.locator(f"input[name=servers][value='{demo.servers[name]['id']}']")
        expect(box).to_be_checked()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".note")).to_contain_text("db-1 is a production server: type its name")
    page.locator("#confirm-server").fill("db-1")
    page.get_by_role("button", name="Run", exact=True).click()
    reload_until_over(page)
    expect(page.locator("#batch_sentence")).to_contain_text("on 3 servers, started by admin")
    # Chromium itself writes every answer of 422 to the console.
    plain_reader.forgive("422")


def reload_until_over(page: Page) -> None:
    """Load the batch anew until all of it has succeeded."""
    page.wait_for_url("**/batches/*/")
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while "3 succeeded." not in page.locator("#batch_sentence").inner_text():
        assert time.monotonic() < deadline, page.locator("#batch_sentence").inner_text()
        time.sleep(0.5)
        page.reload()
