"""An incident that a person has noticed: opened, looked into, taken, fixed, resolved, reopened."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.e2e.test_walk import shop, wait_for_state
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import Stack
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_incident_is_opened_by_hand_and_brought_to_its_end(
    stack: Stack, demo: Demo, reader: Reader
) -> None:
    server, title = shop(stack, demo), unique("The shop does not answer")
    page = reader.page
    reader.visit("/incidents/")
    page.get_by_role("link", name="Open an incident").click()
    page.get_by_label("What is broken").fill(title)
    page.get_by_label("Server").select_option(label=server["name"])
    page.get_by_label("Labels").fill(f"unit={DOWN}")
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    incident = page.url
    state, timeline = page.locator("#incident_state"), page.locator("#timeline")
    expect(timeline).to_contain_text("Opened by hand.")

    page.get_by_role("button", name="Assign to me").click()
    expect(state).to_contain_text("Give it up")
    page.get_by_label("Note", exact=True).fill("The phone rings.")
    page.get_by_role("button", name="Add the note").click()
    expect(timeline).to_contain_text("The phone rings.")

    look = page.locator("#suggestions-diagnose .suggestion", has_text="health")
    look.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/executions/*/")
    wait_for_state(page, "SUCCESS")

    page.goto(incident)
    page.locator("#suggestions-fix").get_by_role("button", name="Run", exact=True).first.click()
    page.locator("#confirm-box").get_by_role("button", name="Run it").click()
    page.wait_for_url("**/executions/*/")
    fix = page.url
    # The page of the incident follows by itself.
    page.goto(incident)
    page.evaluate("window.seenBefore = true")
    expect(timeline).to_contain_text("Run of Restart a service ended SUCCESS (FIXED)")
    expect(state.locator("[data-state=FIXED]")).to_be_visible()
    assert page.evaluate("window.seenBefore"), "the page was loaded anew"
    page.goto(fix)
    wait_for_state(page, "FIXED")

    page.goto(incident)
    expect(page.locator("#tried")).to_contain_text("Restart a service")
    expect(page.locator("#suggestions-fix")).to_contain_text("Fixed 1 of 1")
    page.get_by_label("What it was").fill("The shop had stopped.")
    page.get_by_role("button", name="Resolve").click()
    page.locator("#confirm-box").get_by_role("button", name="Resolve it").click()
    expect(state.locator("[data-state=RESOLVED]")).to_be_visible()
    expect(timeline).to_contain_text("Resolved: The shop had stopped.")
    expect(page.locator("#suggestions-fix")).to_have_count(0)

    page.get_by_role("button", name="Reopen").click()
    expect(state.locator("[data-state=OPEN]")).to_be_visible()
    expect(timeline).to_contain_text("Reopened.")
