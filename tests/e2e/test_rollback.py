"""A person takes back what a runbook did, after seeing what that means."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.e2e.test_walk import reload_until, shop, wait_for_state
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def restart(stack: Stack, demo: Demo, reader: Reader, *, asks: bool = True) -> None:
    """Restart the shop by the form and come to its monitor."""
    server = shop(stack, demo)
    reader.visit(f"/runbooks/SERVICE_RESTART/?server={server['id']}&serviceName={DOWN}")
    reader.page.get_by_role("button", name="Run", exact=True).click()
    if asks:
        reader.page.get_by_role("button", name="Run it").click()
    reader.page.wait_for_url("**/executions/*/")


def test_a_restart_is_taken_back_with_its_plan(stack: Stack, demo: Demo, reader: Reader) -> None:
    page = reader.page
    restart(stack, demo, reader)
    wait_for_state(page, "FIXED")
    monitor = page.url

    page.get_by_role("link", name="Roll back…").click()
    page.wait_for_url("**/rollback/")
    expect(page.locator(".plan")).to_contain_text("Take back step 2: Restart the unit")
    page.get_by_label("Reason").fill("It was meant to be down.")
    page.get_by_role("button", name="Take it back").click()

    page.wait_for_url(monitor)
    page.evaluate("window.seenBefore = true")
    wait_for_state(page, "ROLLED_BACK")
    assert page.evaluate("window.seenBefore"), "the page was loaded anew"
    expect(page.locator("#rollback")).to_contain_text("Rolled back by admin")
    expect(page.locator("#rollback")).to_contain_text("It was meant to be down.")
    expect(page.locator("#log-rows")).to_contain_text("Take back: Restart the unit")
    expect(page.locator("#log-rows")).to_contain_text(f"systemctl stop {DOWN}")
    expect(page.locator(".step[data-state=TAKEN_BACK]")).to_contain_text("Restart the unit")
    expect(page.get_by_role("link", name="Roll back…")).to_have_count(0)
    assert not page.locator("[hx-trigger]").count(), "it still asks"


def test_a_rollback_without_javascript(stack: Stack, demo: Demo, plain_reader: Reader) -> None:
    page = plain_reader.page
    restart(stack, demo, plain_reader, asks=False)
    reload_until(page, "FIXED")
    page.get_by_role("link", name="Roll back…").click()
    page.get_by_role("button", name="Take it back").click()
    reload_until(page, "ROLLED_BACK")


def test_a_dry_run_is_run_again_by_one_press(demo: Demo, reader: Reader) -> None:
    page = reader.page
    server = demo.servers["db-1"]["id"]
    reader.visit(f"/runbooks/SERVICE_RESTART/?server={server}&serviceName=backup-agent.service")
    page.get_by_role("button", name="Dry run").click()
    page.wait_for_url("**/executions/*/")
    wait_for_state(page, "SUCCESS")
    first = page.url
    page.get_by_role("button", name="Dry run again").click()
    page.wait_for_url(lambda url: url != first)
    wait_for_state(page, "SUCCESS")
    page.get_by_role("link", name="this one").click()
    page.wait_for_url(first)
