"""Add a channel, try it, see it arrive, and find it in the log."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.automation.runner.web import WebServer
from tests.e2e.browser import Reader
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def test_a_channel_is_added_tried_and_found_in_the_log(reader: Reader, web: WebServer) -> None:
    page, name = reader.page, unique("NOC")
    reader.visit("/notifications/")
    page.locator(".page-head").get_by_role("link", name="Add a channel").click()
    page.locator("#id_name").fill(name)
    page.locator("#id_url").fill("json://10.0.0.1/")
    page.get_by_role("button", name="Add the channel").click()
    expect(page.get_by_text("is a private address")).to_be_visible()
    reader.forgive("422")

    page.locator("#id_url").fill(f"json://me:pass-word@127.0.0.1:{web.port}/hook")
    page.get_by_label("An execution failed or ran out of time.").check()
    page.get_by_role("button", name="Add the channel").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    assert "pass-word" not in page.content()

    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The service took a test")).to_be_visible()
    assert [request.target for request in web.received] == ["/hook"]

    page.get_by_role("link", name="All", exact=True).click()
    row = page.get_by_role("row").filter(has_text=f"OpsManager can reach {name}")
    expect(row.get_by_text("Sent", exact=True)).to_be_visible()
    row.get_by_role("link", name=f"OpsManager can reach {name}").click()
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("the first one")).to_be_visible()
