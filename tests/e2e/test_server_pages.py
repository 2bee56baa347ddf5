"""A person adds a server by its form, accepts its host key, and sees that it answers."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.stack.demo import Demo
from tests.stack.stack import Stack
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_server_is_added_accepted_and_checked(stack: Stack, demo: Demo, reader: Reader) -> None:
    one, name, page = demo.described["app-1"], unique("added"), reader.page
    reader.visit("/servers/add/")
    page.locator("[name=name]").fill(name)
    page.locator("[name=hostname]").fill(one["hostname"])
    page.locator("[name=port]").fill(str(one["port"]))
    page.locator("[name=environment]").select_option("STAGING")
    page.locator("[name=new_username]").fill(one["username"])
    page.locator("[name=new_private_key]").fill(demo.login_key("app-1"))
    page.get_by_role("button", name="Add and look at its key").click()
    page.wait_for_url(re.compile(r"/servers/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)

    # The page asked for the key by itself, and shows it once a worker has seen it.
    key = page.locator("#host_key")
    known = demo.servers["app-1"]
    accepted = stack.api().get(f"servers/{known['id']}/host-key").expect(200)["hostKey"]["accepted"]
    expect(key).to_contain_text(accepted["fingerprint"])
    key.get_by_role("button", name="Accept this key").click()
    expect(key.locator("[data-state=ACCEPTED]")).to_be_visible()

    page.get_by_role("button", name="Check now").click()
    expect(page.locator("#check [data-state=REACHABLE]")).to_be_visible()
    expect(page.locator("#check")).to_contain_text("A login took")
    assert "PRIVATE KEY" not in page.content()


def test_a_server_form_keeps_what_was_typed(reader: Reader) -> None:
    page = reader.page
    reader.visit("/servers/add/")
    page.locator("[name=name]").fill("web 1; reboot")
    page.locator("[name=hostname]").fill("web1.example")
    page.get_by_role("button", name="Add and look at its key").click()

    expect(page.locator("#server_form")).to_contain_text("Use letters, digits, dots, dashes")
    expect(page.locator("[name=name]")).to_have_value("web 1; reboot")
    expect(page.locator("[name=hostname]")).to_have_value("web1.example")
    # Chromium itself writes every answer of 422 to the console.
    reader.forgive("422")
