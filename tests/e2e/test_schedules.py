"""A person lets a runbook run by itself, looks at when, and runs a template with one click."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.stack.demo import Demo
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_schedule_is_made_looked_at_paused_and_run_now(demo: Demo, reader: Reader) -> None:
    page, name = reader.page, unique("Nightly")
    reader.visit("/schedules/new/")
    page.get_by_label("Runbook, template or workflow").select_option("runbook:HEALTH_CHECK")
    page.get_by_role("button", name="Go on").click()

    page.get_by_label("Name", exact=True).fill(name)
    preview = page.locator("#schedule_preview")
    page.locator("#id_own-cron_expression").fill("0 25 * * *")
    expect(preview.locator(".field-error")).to_contain_text("25")
    page.locator("#id_own-cron_expression").fill("15 3 * * 1-5")
    page.locator("#id_own-timezone").fill("Europe/Berlin")
    expect(preview).to_contain_text("At 03:15, Monday through Friday")
    expect(preview.locator("tbody tr")).to_have_count(5)
    expect(preview).to_contain_text("UTC")
    page.locator("#id_own-server").select_option(demo.servers["db-1"]["id"])
    page.locator("#confirm-server").fill("db-1")
    page.get_by_role("button", name="Save").click()

    page.wait_for_url(re.compile(r"/schedules/[0-9a-f-]{36}/$"))
    expect(page.locator("h1")).to_contain_text(name)
    expect(page.locator("table.due-table tbody tr")).to_have_count(5)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".page-head")).to_contain_text("Paused")
    expect(page.locator("table.due-table")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("table.due-table tbody tr")).to_have_count(5)

    page.locator("#confirm-server").fill("db-1")
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url("**/executions/*/")
    expect(page.locator("#execution_state [data-state=SUCCESS]").first).to_be_visible()
    reader.visit("/schedules/")
    expect(page.locator("#schedule_table tr", has_text=name)).to_contain_text("At 03:15")


def test_a_template_is_saved_and_run_with_one_click(demo: Demo, reader: Reader) -> None:
    page, name = reader.page, unique("Look at the app")
    reader.visit("/runbooks/HEALTH_CHECK/")
    page.get_by_role("link", name="Save as template").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.locator("#id_own-server").select_option(demo.servers["app-1"]["id"])
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/templates/[0-9a-f-]{36}/$"))
    reader.visit("/templates/")
    page.get_by_role("button", name=re.compile(rf"Run\s*: {re.escape(name)}")).click()
    page.wait_for_url("**/executions/*/")
    expect(page.locator("#execution_state [data-state=SUCCESS]").first).to_be_visible()
