"""A team lead looks at how automation fares: by charts, by tables, and without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Reader
from tests.stack.demo import Demo
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CHARTS = ("outcomes", "rates", "durations")
COLOURS = """canvas => {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const ink = copy.getContext("2d", { willReadFrequently: true });
    ink.drawImage(canvas, 0, 0);
    const { data } = ink.getImageData(0, 0, copy.width, copy.height);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] === 255) found.add(data.slice(at, at + 3).join());
    return [...found].sort();
}"""
"""What a chart has painted, as its opaque colours."""


@pytest.fixture
def ran(stack: Stack, demo: Demo) -> None:
    """One execution that succeeded, whatever else has run."""
    stack.api().run("HEALTH_CHECK", demo.servers["app-1"])


def expect_drawn(page: Page, theme: str) -> None:
    for chart in CHARTS:
        section = page.locator(f"#analytics_{chart}")
        expect(section.locator(f".chart[data-drawn={theme}]")).to_be_visible()
        expect(section.get_by_role("img")).to_be_visible()
        assert section.locator("canvas").evaluate(COLOURS), chart


def test_charts_are_drawn_from_their_tables_and_follow_filters_and_theme(
    ran: None, reader: Reader
) -> None:
    page = reader.page
    page.emulate_media(color_scheme="light")
    page.keyboard.press("g")
    page.keyboard.press("y")
    page.wait_for_url("**/analytics/")
    expect_drawn(page, "light")
    expect(page.get_by_role("img", name="How executions ended")).to_be_visible()
    in_light = page.locator("#analytics_outcomes canvas").evaluate(COLOURS)

    table = page.locator("#analytics_outcomes table")
    expect(table).to_be_hidden()
    page.locator("#analytics_outcomes summary").click()
    expect(table.locator("tbody tr")).to_have_count(30)

    page.evaluate("window.seenBefore = true")
    page.get_by_label("How far back").select_option("12w")
    page.wait_for_url("**/analytics/?show=12w*")
    expect(table.locator("tbody tr")).to_have_count(12)
    # What was folded out stays so, and the rest stays folded.
    expect(table).to_be_visible()
    expect(page.locator("#analytics_rates table")).to_be_hidden()
    expect_drawn(page, "light")

    page.locator("[data-theme-switch]").click()  # from the system's to light
    page.locator("[data-theme-switch]").click()
    expect_drawn(page, "dark")
    in_dark = page.locator("#analytics_outcomes canvas").evaluate(COLOURS)
    assert in_dark != in_light
    assert page.evaluate("window.seenBefore"), "the page was loaded anew"

    # A click on the newest bar leads where its number in the table leads.
    link = table.locator("tbody tr").last.locator("td").nth(1).get_by_role("link")
    number = int(link.inner_text())
    box = page.locator("#analytics_outcomes canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.962, box["y"] + box["height"] * 0.85)
    page.wait_for_url("**/executions/?counted=successful*")
    rows = page.locator("#execution_table tbody tr")
    expect(rows).to_have_count(min(number, 25))
    page.get_by_role("link", name="Show all times and kinds").click()
    page.wait_for_url("**/executions/?")


def test_without_javascript_the_tables_are_the_content(ran: None, plain_reader: Reader) -> None:
    page = plain_reader.page
    plain_reader.visit("/analytics/")
    for chart in CHARTS:
        section = page.locator(f"#analytics_{chart}")
        expect(section.locator("canvas")).to_be_hidden()
        expect(section.locator("tbody tr").last).to_be_visible()
        expect(section.locator("tbody tr")).to_have_count(30)
    page.get_by_label("How far back").select_option("7d")
    page.get_by_label("Runbook", exact=True).select_option("HEALTH_CHECK")
    page.get_by_label("Time zone of the days").select_option("Asia/Kolkata")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#analytics_outcomes tbody tr")).to_have_count(7)
    expect(page.locator("#analytics_figures")).to_contain_text("days in Asia/Kolkata")
    expect(page.get_by_label("Runbook", exact=True)).to_have_value("HEALTH_CHECK")
    page.locator("#analytics_servers").get_by_role("link", name="app-1").click()
    expect(page.get_by_role("link", name="Show all servers")).to_be_visible()
    expect(page.locator("#analytics_servers")).to_have_count(0)
