"""Somebody tries a command against the guard, with JavaScript and without."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("who", ["reader", "plain_reader"])
def test_a_command_is_tried(who: str, request: pytest.FixtureRequest) -> None:
    reader: Reader = request.getfixturevalue(who)
    page = reader.page
    reader.visit("/runbooks/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Guard").click()
    page.get_by_label("Command", exact=True).fill("ls /tmp && sudo rm -rf /etc")
    page.get_by_role("button", name="Weigh it").click()

    expect(page.get_by_role("heading", name="It is refused")).to_be_visible()
    expect(page.locator("#guard_try mark")).to_have_text("rm -rf /etc")
    expect(page.get_by_label("Command", exact=True).first).to_have_value(
        "ls /tmp && sudo rm -rf /etc"
    )

    page.get_by_role("textbox", name="Command").fill("rm -rf /tmp/x")
    page.get_by_role("button", name="Weigh it").click()
    expect(page.get_by_role("heading", name="It may be sent")).to_be_visible()

    page.get_by_label("A reading command").check()
    page.get_by_role("button", name="Weigh it").click()
    expect(page.locator("#guard_try")).to_contain_text("READ_CHANGES_FILES")
