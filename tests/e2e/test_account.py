"""Signing in and out, and one's own account, in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import Reader
from tests.stack.stack import PASSWORD, Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_wrong_old_password_is_said_beside_its_field(reader: Reader) -> None:
    reader.visit("/account/")
    page = reader.page
    page.get_by_label("Old password").fill("wrong")
    page.get_by_label("New password", exact=True).fill("another correct horse")
    page.get_by_label("New password, again").fill("another correct horse")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("Your old password was entered incorrectly")).to_be_visible()
    expect(page.get_by_label("Old password")).to_have_value("")
    reader.forgive("422")


def test_another_browser_of_ones_own_is_signed_out_and_says_so_at_its_next_poll(
    stack: Stack, browser: Browser, reader: Reader
) -> None:
    with browser.new_context(user_agent="Mozilla/5.0 (iPad) Safari/604.1") as context:
        other = Reader(context, stack.address)
        other.sign_in("admin", PASSWORD)
        reader.visit("/account/")
        line = reader.page.get_by_role("listitem").filter(has_text="Safari on iPad")
        line.get_by_role("button", name="End").click()
        expect(reader.page.get_by_text("You are signed out there.")).to_be_visible()
        # The home page polls: it goes to the login page whole, and would come back.
        other.page.wait_for_url(f"{stack.address}/login/?next=/")
        expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert other.complaints == []


def test_one_can_sign_in_and_change_nothing_without_javascript(plain_reader: Reader) -> None:
    plain_reader.visit("/account/")
    page = plain_reader.page
    page.get_by_label("Old password").fill("wrong")
    page.get_by_label("New password", exact=True).fill("another correct horse")
    page.get_by_label("New password, again").fill("another correct horse")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("Your old password was entered incorrectly")).to_be_visible()
    plain_reader.forgive("422")


def test_a_token_is_made_copied_and_revoked(reader: Reader) -> None:
    reader.visit("/account/")
    page = reader.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="New API token").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("ChatOps bot")
    page.get_by_text("What I tick").click()
    page.get_by_label("Show the permissions that have this in their name").fill("view_execution")
    page.get_by_label("automation.view_execution").check()
    expect(page.locator("input[value='servers.view_server']")).to_be_hidden()
    page.get_by_role("button", name="Make the token").click()
    secret = page.get_by_label("API token", exact=True)
    expect(secret).to_have_value(re.compile("^opsm_[A-Za-z0-9]{46}$"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret.input_value()
    page.get_by_role("link", name="I have copied it").click()
    line = page.get_by_role("listitem").filter(has_text="ChatOps bot")
    expect(line).to_contain_text("May only look on every server")
    line.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke it").click()
    expect(page.get_by_text("ChatOps bot is revoked")).to_be_visible()
    expect(line).to_have_count(0)


def test_a_token_is_made_and_revoked_without_javascript(plain_reader: Reader) -> None:
    plain_reader.visit("/account/tokens/new/")
    page = plain_reader.page
    page.get_by_role("textbox", name="Name", exact=True).fill("plain bot")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_label("API token", exact=True)).to_have_value(re.compile("^opsm_"))
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    plain_reader.visit("/account/")
    line = page.get_by_role("listitem").filter(has_text="plain bot")
    line.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("plain bot is revoked")).to_be_visible()
