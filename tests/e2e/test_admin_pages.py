"""An administrator's walk through the Django admin and the pages of servers."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.stack.demo import Demo

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WIDER = "document.documentElement.scrollWidth - window.innerWidth"


def test_the_admin_stands_in_the_products_frame_and_asks_before_it_switches_off(
    reader: Reader,
) -> None:
    page = reader.page
    reader.visit("/runbooks/")
    navigation = page.get_by_role("navigation", name="Main")
    navigation.get_by_role("link", name="Admin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Administration")
    expect(navigation.get_by_role("link", name="Admin")).to_have_attribute("aria-current", "page")

    page.get_by_role("link", name="Runbooks").last.click()
    page.wait_for_url("**/admin/automation/catalogentry/")
    page.keyboard.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    page.keyboard.type("LOG_ROTATION")
    page.keyboard.press("Enter")
    for word, action in (("Switched off", "Switch off…"), ("On", "Switch on")):
        row = page.locator("#result_list tbody tr")
        expect(row).to_have_count(1)
        row.locator("[name=_selected_action]").check()
        page.locator("select[name=action]").select_option(label=action)
        page.get_by_role("button", name="Go").click()
        if action == "Switch off…":
            expect(page.get_by_role("heading", level=1)).to_have_text("Switch these runbooks off?")
            page.get_by_role("button", name="Switch them off").click()
        expect(row.locator(".field-state")).to_have_text(word)

    # The choice of colours holds here, too, and each page fits a phone without a complaint.
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Colours").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        "/admin/",
        "/admin/automation/execution/",
        "/admin/audit/auditevent/",
        "/admin/servers/server/",
        "/admin/servers/server/add/",
        "/admin/servers/credential/add/",
        "/admin/accounts/user/add/",
        "/admin/auth/group/add/",
        "/admin/common/pulse/",
        "/admin/django_celery_beat/periodictask/",
    ):
        reader.visit(path)
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        assert page.evaluate(WIDER) <= 0, path


def test_servers_are_checked_together_and_maintenance_begins_and_ends(
    reader: Reader, demo: Demo
) -> None:
    page = reader.page
    reader.visit("/servers/")
    page.get_by_label("Order", exact=True).select_option(label="By name")
    page.wait_for_url("**/servers/?*order=name*")
    row = page.locator("#server_table tbody tr").filter(has_text="app-1").first
    page.get_by_role("button", name="Check these now").click()
    expect(row.locator("[data-state=REACHABLE]")).to_be_visible()
    # What the reader chose is kept, and the table asks for nothing more once all are checked.
    expect(page.get_by_label("Order", exact=True)).to_have_value("name")
    expect(page.locator("[data-state=CHECKING]")).to_have_count(0)
    expect(page.locator("#server_table[hx-trigger]")).to_have_count(0)

    reader.visit(f"/servers/{demo.servers['app-1']['id']}/")
    expect(page.locator("#server_now")).to_contain_text("What happens here now")
    page.get_by_role("link", name="Maintenance…").click()
    page.get_by_label("Reason").fill("A new disk")
    page.get_by_label("How long").select_option(label="4 hours")
    page.get_by_role("button", name="Begin maintenance").click()
    expect(page.get_by_text("app-1 is in maintenance now.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("(A new disk)")
    page.get_by_role("button", name="End maintenance").click()
    expect(page.get_by_text("app-1 is out of maintenance.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Server maintenance ended")
