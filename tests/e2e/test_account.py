"""Signing in and out, and one's own account, in a real browser."""

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import Reader
from tests.stack.stack import PASSWORD, Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]


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
