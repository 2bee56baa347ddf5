"""Somebody reads a long log at night: finds what went wrong in it, and hands it over."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Reader
from tests.stack import long_logs
from tests.stack.demo import Demo
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MOST_NODES = 7_000
BAD = [400, 1200, 1990]


@pytest.fixture
def server(demo: Demo) -> dict[str, Any]:
    return demo.servers["app-1"]


@pytest.fixture
def long_output(stack: Stack, server: dict[str, Any]) -> Iterator[str]:
    made = long_logs.long_output(stack, server)
    yield f"/executions/{made}/"
    long_logs.remove(stack, made)


@pytest.fixture
def many_rows(stack: Stack, server: dict[str, Any]) -> Iterator[str]:
    made = long_logs.many_rows(stack, server, bad=BAD, status="FAILED")
    yield f"/executions/{made}/"
    long_logs.remove(stack, made)


def nodes(page: Page) -> int:
    count: int = page.evaluate("document.querySelectorAll('*').length")
    return count


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_an_output_of_100000_lines_is_folded_found_in_and_handed_over(
    reader: Reader, long_output: str
) -> None:
    page = reader.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader.visit(long_output)
    output = page.locator("#log-1-stdout")
    expect(output.locator(".log-out").first).to_contain_text("row 1\nrow 2\n")
    expect(output.locator(".log-out").last).to_contain_text("row 99999\nrow 100000")
    expect(output).to_contain_text("99,800 more lines")
    assert nodes(page) < MOST_NODES

    page.keyboard.press("/")
    expect(page.locator("#log-search")).to_be_focused()
    page.keyboard.type("ROW 5432")
    expect(page.locator("#log-hits")).to_contain_text("No hit in what is shown.")
    page.get_by_role("button", name="Search all of it").click()
    expect(page.locator("#log-hits")).to_have_text("11 hits")
    expect(page.locator(".log-fold")).to_have_count(0)
    assert nodes(page) < MOST_NODES
    page.locator("#log-search").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#log-hits")).to_have_text("1 of 11 hits")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#log-hits")).to_have_text("11 of 11 hits")
    assert page.evaluate("[...CSS.highlights.get('log-hit-here')].map(String)") == ["row 5432"]
    place = page.evaluate(
        """() => {
          const view = document.getElementById('log-view').getBoundingClientRect();
          const [hit] = CSS.highlights.get('log-hit-here');
          const place = hit.getBoundingClientRect();
          return [place.top - view.top, view.bottom - place.bottom];
        }"""
    )
    assert min(place) > 0, "the hit is not in view"

    page.locator("#log-2").hover()
    page.locator("#log-2").get_by_role("button", name="Copy this command").click()
    expect(page.locator("#toasts")).to_contain_text("The command is copied.")
    assert clipboard(page) == "echo 2"
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("The whole log is copied.")
    assert "\nrow 77777\n" in clipboard(page)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download", exact=True).click()
    assert downloading.value.suggested_filename.endswith("-log.txt")
    text = Path(downloading.value.path()).read_text()
    assert "\nrow 77777\n" in text
    assert "It broke at 4." in text

    wrap = page.get_by_role("button", name="Wrap")
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(wrap).to_have_attribute("aria-pressed", "false")
    wrap.click()


def test_from_error_to_error_among_2000_rows(reader: Reader, many_rows: str) -> None:
    page = reader.page
    reader.visit(many_rows)
    rows = page.locator("#log-rows .log-row")
    expect(rows).to_have_count(200)
    expect(page.locator(".log-gap")).to_contain_text("1,800 commands between these are not on")
    expect(page.locator(".log-gap")).to_contain_text("2 of them with an error")
    first = page.locator("[data-log-error='0']")
    expect(first).to_have_text("3 errors")
    first.click()
    expect(page.locator("#log-400")).to_be_focused()
    for seq in (1200, 1990, 400):
        page.get_by_role("button", name="Next error").click()
        expect(page.locator(f"#log-{seq}")).to_be_focused()
    page.keyboard.press("Shift+E")
    expect(page.locator("#log-1990")).to_be_focused()
    expect(page.locator("#log-1990")).to_be_in_viewport()
    assert rows.count() <= 600
    numbers = page.evaluate("[...document.querySelectorAll('.log-row')].map(row => row.id)")
    assert numbers == sorted(numbers, key=lambda name: int(name.removeprefix("log-")))

    reader.visit("/guard/")
    reader.visit(f"{many_rows}#step-2")
    expect(page.locator("#step-2")).to_be_in_viewport()
    expect(page.locator("#log-1001 .log-step")).to_have_id("step-2")

    page.set_viewport_size({"width": 360, "height": 740})
    page.locator(".log-head").scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for tool in page.locator(".log-head").get_by_role("button").all():
        box = tool.bounding_box()
        assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= 360)


def test_on_paper_it_is_a_report_that_leaves_nothing_out(reader: Reader, long_output: str) -> None:
    page = reader.page
    page.emulate_media(color_scheme="dark")
    page.add_init_script("window.print = () => (window.printed = true)")
    reader.visit(long_output)
    page.get_by_role("button", name="Print").click()
    expect(page.get_by_role("button", name="Print")).to_be_enabled()
    expect(page.locator(".log-fold")).to_have_count(0)
    assert page.evaluate("window.printed")

    page.emulate_media(media="print", color_scheme="dark")
    paper = page.locator("body").inner_text()
    for said in (
        "Check",
        "app-1",
        "somebody",
        "FIXED",
        "Ticket 4711",
        "shop",
        "journalctl -u shop",
        "row 54321",
        "It broke at 4.",
    ):
        assert said in paper, said
    for gone in ("Run again", "Download", "Executions\n", "Copy"):
        assert gone not in paper, gone
    paint = """(at) => {
      const { color, backgroundColor } = getComputedStyle(document.querySelector(at));
      return [color, backgroundColor];
    }"""
    for place in ("body", ".log", ".log-row"):
        ink, ground = page.evaluate(paint, place)
        assert re.findall(r"[\d.]+", ink)[:3] == ["0", "0", "0"], place
        assert re.findall(r"[\d.]+", ground)[:3] == ["255", "255", "255"], place
