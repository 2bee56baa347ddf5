"""What can't be run is said beside the field, and nothing that was typed is lost."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.stack.demo import Demo

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HOSTILE = "nginx; rm -rf /"


@pytest.mark.parametrize("who", ["reader", "plain_reader"])
def test_a_unit_name_that_is_a_command(
    demo: Demo, who: str, request: pytest.FixtureRequest
) -> None:
    reader: Reader = request.getfixturevalue(who)
    page = reader.page
    reader.visit(f"/runbooks/SERVICE_RESTART/?server={demo.servers['app-1']['id']}")
    page.get_by_label("Service name").fill(HOSTILE)
    page.get_by_label("Graceful timeout").fill("77")
    page.get_by_role("button", name="Run", exact=True).click()
    if who == "reader":
        page.get_by_role("button", name="Run it").click()

    form = page.locator("#run_form")
    expect(form.locator(".field-error")).to_contain_text("is not the name of a systemd unit")
    expect(page.get_by_label("Service name")).to_have_value(HOSTILE)
    expect(page.get_by_label("Graceful timeout")).to_have_value("77")
    expect(page.locator("[name=server]")).to_have_value(demo.servers["app-1"]["id"])
    # Chromium itself writes every answer of 422 to the console.
    reader.forgive("422")


def test_a_production_server_wants_its_name(demo: Demo, reader: Reader) -> None:
    page = reader.page
    reader.visit(f"/runbooks/SERVICE_RESTART/?server={demo.servers['db-1']['id']}")
    page.get_by_label("Service name").fill("backup-agent.service")
    run = page.get_by_role("button", name="Run", exact=True)
    expect(run).to_be_disabled()
    page.locator("#confirm-server").fill("db-1")
    expect(run).to_be_enabled()
    run.click()
    page.get_by_role("button", name="Run it").click()

    page.wait_for_url("**/executions/*/")
    expect(page.locator("#execution_state [data-state=NOTHING_TO_FIX]")).to_be_visible()
