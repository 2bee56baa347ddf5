"""From home to a running execution: few clicks, little to type, and nothing lost on the way."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import Reader
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import PASSWORD, Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_COUNT_CLICKS = """
addEventListener("click", (event) => {
  if (event.isTrusted) sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
}, true);
"""


@pytest.fixture
def noc(stack: Stack, demo: Demo, browser: Browser) -> Iterator[Reader]:
    """Return somebody of the NOC who may operate app-1 alone, and whose clicks are counted."""
    name = stack.user("NOC")
    stack.grant(name, demo.servers["app-1"])
    with browser.new_context(viewport={"width": 1360, "height": 900}) as context:
        context.add_init_script(_COUNT_CLICKS)
        reader = Reader(context, stack.address)
        reader.sign_in(name, PASSWORD)
        yield reader
    assert reader.complaints == []


def test_three_clicks_lead_from_home_to_a_running_execution(
    stack: Stack, demo: Demo, noc: Reader
) -> None:
    page = noc.page
    name = page.locator(".menu summary").inner_text().strip()
    # app-1 as a server of its own, in no cooldown.
    one = demo.described["app-1"]
    server = stack.server(
        "clicked",
        hostname=one["hostname"],
        port=one["port"],
        username=one["username"],
        private_key=demo.login_key("app-1"),
    )
    stack.grant(name, server)
    # Home leads to what one runs oneself; this run fails before it could start a cooldown.
    stack.api(name).run("SERVICE_RESTART", server, parameters={"serviceName": "no-such.service"})
    noc.visit("/")
    page.evaluate("sessionStorage.clicks = 0")
    page.locator("#often").get_by_role("link", name="Restart a service").click()
    page.get_by_label("Server", exact=True).select_option(server["id"])
    # What is read of the server may still move the page; a click that misses is clicked again.
    expect(page.locator("#about_server")).to_contain_text(
        re.compile("suggest|type the name yourself")
    )
    page.get_by_label("Service name").fill("billing.service")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("#confirm-box").get_by_role("button", name="Run it").click()

    page.wait_for_url("**/executions/*/")
    assert page.evaluate("sessionStorage.clicks") == "3"
    expect(page.locator("#execution_sentence")).to_contain_text(server["name"])


def test_what_the_server_has_is_suggested_and_what_was_chosen_is_said_once_more(
    demo: Demo, noc: Reader
) -> None:
    page = noc.page
    noc.visit("/runbooks/SERVICE_RESTART/")
    page.get_by_label("Server", exact=True).select_option(demo.servers["app-1"]["id"])
    units = page.locator("#suggested-units option")
    expect(units.first).to_be_attached()
    unit = units.last.get_attribute("value")
    assert unit is not None
    page.get_by_label("Service name").fill(unit)
    page.get_by_role("button", name="Run", exact=True).click()
    asked = page.locator("#confirm-box")
    expect(asked).to_contain_text("Run “Restart a service” on app-1 (demo)?")
    expect(asked).to_contain_text(unit)
    expect(asked).not_to_contain_text("Verify delay")
    asked.get_by_role("button", name="No, go back").click()
    expect(asked).to_be_hidden()


def test_a_field_is_checked_when_it_is_left_and_outlives_an_ended_login(
    demo: Demo, noc: Reader
) -> None:
    page = noc.page
    noc.visit(f"/runbooks/SERVICE_RESTART/?server={demo.servers['app-1']['id']}")
    name, timeout = page.get_by_label("Service name"), page.get_by_label("Graceful timeout")
    name.fill("two words")
    timeout.fill("7777")
    timeout.blur()
    expect(page.locator("#id_serviceName_errors")).to_contain_text("is not the name of a systemd")
    expect(page.locator("#id_gracefulTimeout_errors")).to_have_text("Must be at most 900 s.")
    expect(name).to_have_attribute(
        "aria-describedby", "id_serviceName_helptext id_serviceName_error"
    )
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill(DOWN)
    name.blur()
    expect(page.locator("#id_serviceName_errors")).to_have_text("")
    expect(name).not_to_have_attribute("aria-invalid", "true")

    page.get_by_role("button", name="Dry run").click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Graceful timeout").click()
    expect(timeout).to_be_focused()
    timeout.fill("77")
    timeout.blur()
    expect(page.locator("#id_gracefulTimeout_errors")).to_have_text("")

    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Dry run").click()
    box = page.locator("#sign-in-box")
    expect(box.get_by_label("Password")).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(box).to_contain_text("Please enter a correct username and password")
    box.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(box).to_be_hidden()
    expect(page.get_by_role("button", name="Dry run")).to_be_focused()
    expect(timeout).to_have_value("77")
    page.keyboard.press("Enter")
    page.wait_for_url("**/executions/*/")
    expect(page.locator("#execution_sentence")).to_contain_text("app-1")
    # Chromium itself writes every answer of an error to the console, and htmx the second one.
    noc.forgive("422")
    noc.forgive("401")
    noc.complaints = [one for one in noc.complaints if "Error Code 401" not in one]


def test_several_units_are_added_one_by_one(demo: Demo, noc: Reader) -> None:
    page = noc.page
    noc.visit(f"/runbooks/HEALTH_CHECK/?server={demo.servers['app-1']['id']}")
    adder = page.get_by_label("Add to Services")
    for unit in ("one", "two", "one"):
        adder.fill(f"{unit}.service")
        adder.press("Enter")
    services = page.locator("[name=services]")
    expect(services).to_have_value("one.service\ntwo.service")
    expect(adder).to_have_value("")
