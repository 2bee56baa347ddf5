"""The walk at 3 am: what is broken, what would help, try it dry, do it, see that it is fixed."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import PATIENCE_MS, Reader
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import Stack
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_OPEN_INCIDENT = """
from incidents.services import incidents
from servers.models import Server
incidents.open_incident(
    title=given["title"],
    severity="HIGH",
    source="test",
    fingerprint=given["title"],
    server=Server.objects.get(pk=given["server"]),
    labels={"unit": given["unit"]},
)
"""


def shop(stack: Stack, demo: Demo) -> dict[str, Any]:
    """Stop the shop on web-1 and return web-1 as a server of its own, in no cooldown."""
    demo.stop("web-1", DOWN)
    one = demo.described["web-1"]
    return stack.server(
        "shop",
        hostname=one["hostname"],
        port=one["port"],
        username=one["username"],
        private_key=demo.login_key("web-1"),
    )


def wait_for_state(page: Page, state: str) -> None:
    """Wait until the monitor, by itself, shows this status or verdict."""
    mark = page.locator(f"#execution_state .outcome-marks [data-state={state}]")
    expect(mark).to_be_visible()


def test_from_the_demo_incident_to_fixed(stack: Stack, demo: Demo, reader: Reader) -> None:
    demo.stop("web-1", DOWN)
    page = reader.page
    reader.visit("/")
    page.locator("#needs_you").get_by_role(
        "link", name="shop.service on web-1 is down"
    ).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.service on web-1 is down")
    fix = page.locator("#suggestions-fix")
    expect(fix).to_contain_text("Restart a service")

    fix.get_by_role("button", name="Dry run").click()
    page.wait_for_url("**/executions/*/")
    wait_for_state(page, "DRY_RUN")
    wait_for_state(page, "SUCCESS")
    planned = page.locator(".log-row-planned", has_text=f"systemctl restart {DOWN}")
    expect(planned).to_contain_text("Not sent")

    dry = page.url
    page.get_by_role("button", name="Run exactly this").click()
    page.wait_for_url(lambda url: url != dry)
    page.evaluate("window.seenBefore = true")
    wait_for_state(page, "FIXED")
    wait_for_state(page, "SUCCESS")
    assert page.evaluate("window.seenBefore"), "the page was loaded anew"
    expect(page.locator("#log-rows")).to_contain_text(f"systemctl restart {DOWN}")
    expect(page.locator("#log-rows")).to_contain_text("ActiveState=active")

    page.get_by_role("link", name="See the incident").click()
    timeline = page.locator("#timeline")
    expect(timeline).to_contain_text("Dry run of Restart a service ended SUCCESS")
    expect(timeline).to_contain_text("Run of Restart a service ended SUCCESS (FIXED)")


def test_the_log_grows_while_it_runs(stack: Stack, demo: Demo, reader: Reader) -> None:
    server = shop(stack, demo)
    page = reader.page
    reader.visit(f"/runbooks/SERVICE_RESTART/?server={server['id']}")
    page.get_by_label("Service name").fill(DOWN)
    page.get_by_label("Verify delay").fill("15")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Run it").click()
    page.wait_for_url("**/executions/*/")
    page.evaluate("window.seenBefore = true")

    rows = page.locator("#log-rows > li")
    expect(page.locator("#log-rows")).to_contain_text(f"systemctl restart {DOWN}")
    wait_for_state(page, "RUNNING")
    meanwhile = rows.count()
    wait_for_state(page, "FIXED")
    expect(page.locator("#log-rows")).to_contain_text("stayed up for 15 s")
    expect(page.locator("#log-running > li")).to_have_count(0)

    assert rows.count() > meanwhile > 0
    assert page.evaluate("window.seenBefore"), "the page was loaded anew"
    numbers = page.evaluate("[...document.querySelectorAll('.log-row')].map(row => row.id)")
    assert numbers == [f"log-{number}" for number in range(1, len(numbers) + 1)]


def test_the_walk_without_javascript(stack: Stack, demo: Demo, plain_reader: Reader) -> None:
    server = shop(stack, demo)
    title = unique("The shop is down")
    stack.python(_OPEN_INCIDENT, title=title, server=server["id"], unit=DOWN)
    page = plain_reader.page
    plain_reader.visit("/")
    expect(page.get_by_role("link", name="Reload for news")).to_be_visible()
    page.locator("#needs_you").get_by_role("link", name=title).first.click()
    fix = page.locator("#suggestions-fix")
    fix.get_by_role("button", name="Dry run").click()
    expect(page.get_by_role("link", name="Reload for news")).to_be_visible()
    reload_until(page, "SUCCESS")
    planned = page.locator(".log-row-planned", has_text=f"systemctl restart {DOWN}")
    expect(planned).to_contain_text("Not sent")

    page.get_by_role("button", name="Run exactly this").click()
    reload_until(page, "FIXED")
    page.get_by_role("link", name="See the incident").click()
    expect(page.locator("#timeline")).to_contain_text(re.compile(r"ended SUCCESS \(FIXED\)"))

    # A form that can't be sent as it is says so and keeps what was typed.
    plain_reader.visit(f"/runbooks/SERVICE_RESTART/?server={server['id']}")
    page.get_by_label("Service name").fill("not a unit")
    page.get_by_label("Verify delay").fill("7")
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#run_form [aria-invalid=true]")).to_have_value("not a unit")
    expect(page.get_by_label("Verify delay")).to_have_value("7")
    plain_reader.forgive("422")

    page.locator(".menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/")


def reload_until(page: Page, state: str) -> None:
    """Load the monitor anew until it shows this status or verdict."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not page.locator(f".outcome-marks [data-state={state}]").count():
        assert time.monotonic() < deadline, page.locator(".outcome-main").inner_text()
        time.sleep(0.5)
        page.get_by_role("link", name="Reload for news").click()
