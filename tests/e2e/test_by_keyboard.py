"""Everything can be done by keyboard, and nothing that renews itself takes it away."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Reader
from tests.e2e.soundness import look_of_focus, violations
from tests.e2e.test_walk import shop, wait_for_state
from tests.e2e.things import Things
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import Stack
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_PATIENCE = 80
"""Presses of Tab within which a page is walked through."""


def came_anew(page: Page, name: str) -> None:
    """Wait until the region that the page keeps under this name was replaced."""
    eventually(lambda: page.evaluate(f"!window.{name}.isConnected"))


def test_keys_lead_to_each_page_of_the_navigation(stack: Stack, reader: Reader) -> None:
    page = reader.page
    reader.visit("/")
    links = page.locator("[data-go]").evaluate_all(
        "(links) => links.map((link) => [link.dataset.go, link.pathname, link.textContent.trim()])"
    )
    assert page.locator(".nav-main a:not([data-go])").count() == 0
    assert len({letter for letter, *_ in links}) == len(links) >= 9

    page.keyboard.press("?")
    box = page.locator("#keyboard-help")
    expect(box).to_be_visible()
    for _letter, _path, word in links:
        expect(box.locator("dd", has_text=word).first).to_be_visible()
    assert not violations(page)
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()

    for letter, path, _word in links:
        reader.visit("/audit/chain/")  # to which none of them leads
        page.keyboard.press("g")
        page.keyboard.press(letter)
        # The whole path: each ends as that of the home page does.
        page.wait_for_url(re.compile(rf"^{re.escape(reader.address + path)}(\?|$)"))

    reader.visit("/executions/")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("g e")
    expect(page.locator("[data-search]")).to_have_value("g e")


@pytest.mark.parametrize("path", ["/", "/runbooks/SERVICE_RESTART/", "/executions/"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_has_the_focus_is_marked(
    things: Things, reader: Reader, path: str, theme: str
) -> None:
    page = reader.page
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    reader.visit(path)
    walked = 0
    while walked < _PATIENCE:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        walked += 1
        marked = look_of_focus(page)
        page.evaluate("window.last = document.activeElement; window.last.blur()")
        plain = page.evaluate(
            """() => { const look = getComputedStyle(window.last);
            return [look.outlineStyle, look.outlineWidth, look.outlineColor, look.boxShadow]
              .join(" "); }"""
        )
        name = page.evaluate("window.last.outerHTML.slice(0, 120)")
        page.evaluate("window.last.focus()")
        assert marked != plain, name
        assert not marked.startswith("none"), name
    assert walked > 10


def test_the_menu_closes_by_escape_and_gives_the_focus_back(reader: Reader) -> None:
    page = reader.page
    reader.visit("/")
    page.locator(".menu > summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    # What lies half beneath an open menu can't be pressed well; that is what menus do.
    assert not violations(page, within=".menu")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('.menu > summary')")


def test_a_list_that_renews_itself_leaves_the_focus_where_it_is(
    things: Things, reader: Reader
) -> None:
    page = reader.page
    reader.visit("/executions/")
    second = page.locator("#execution_table .row-link").nth(1)
    second.focus()
    before = page.evaluate("document.activeElement.href")
    page.evaluate("window.table = document.getElementById('execution_table')")
    came_anew(page, "table")
    assert page.evaluate("document.activeElement.href") == before
    assert page.locator("[hx-trigger]").count(), "it renews itself no more"


def test_a_monitor_that_moves_on_keeps_the_focus_and_says_aloud_how_it_ended(
    stack: Stack, demo: Demo, reader: Reader
) -> None:
    server, page = shop(stack, demo), reader.page
    parameters = {"serviceName": DOWN, "verifyDelay": 60}
    launched = stack.api().launch("SERVICE_RESTART", server, parameters=parameters).expect(201)
    reader.visit(f"/executions/{launched['execution']['id']}/")
    wait_for_state(page, "RUNNING")
    page.evaluate(
        """() => { window.heard = [];
        const announcer = document.getElementById("announcer");
        new MutationObserver(() => window.heard.push(announcer.textContent))
          .observe(announcer, {childList: true}); }"""
    )
    page.locator("#cancel-execution").focus()

    # Asked whether to cancel, the reader takes so long that the button behind is another one.
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-box")).to_be_visible()
    assert not violations(page)
    page.evaluate("window.state = document.getElementById('execution_state')")
    came_anew(page, "state")
    page.keyboard.press("Escape")
    expect(page.locator("#confirm-box")).to_be_hidden()
    expect(page.locator("#cancel-execution")).to_be_focused()

    wait_for_state(page, "FIXED")
    # The button is gone with the run; Tab goes on from its region, not from the top of the page.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#execution_state') !== null")
    heard = json.loads(page.evaluate("JSON.stringify(window.heard)"))
    assert heard[-1] == "Restart a service: Success, Fixed"
    assert len(heard) <= 2, heard
    assert page.locator("#log-view").get_attribute("aria-live") == "off"


def test_what_is_asked_meanwhile_counts_for_the_button_that_came_anew(
    stack: Stack, demo: Demo, reader: Reader
) -> None:
    server, page = shop(stack, demo), reader.page
    parameters = {"serviceName": DOWN, "verifyDelay": 60}
    launched = stack.api().launch("SERVICE_RESTART", server, parameters=parameters).expect(201)
    reader.visit(f"/executions/{launched['execution']['id']}/")
    wait_for_state(page, "RUNNING")
    page.locator("#cancel-execution").click()
    box = page.locator("#confirm-box")
    expect(box).to_be_visible()
    # The region comes anew, as it does when a step ends.
    page.evaluate(
        """() => { const state = document.getElementById("execution_state");
        window.state = state;
        htmx.ajax("GET", state.getAttribute("hx-get").split("?")[0] + "?revision=0",
          {source: state, target: state, swap: "outerHTML"}); }"""
    )
    came_anew(page, "state")
    box.get_by_role("button", name="Cancel it").click()
    wait_for_state(page, "CANCELLED")


def test_what_is_typed_into_a_region_that_renews_itself_stays(
    things: Things, reader: Reader
) -> None:
    page = reader.page
    reader.visit("/executions/")
    page.evaluate(
        """() => { const table = document.getElementById("execution_table");
        for (const name of ["typed", "untouched"]) {
          const field = Object.assign(document.createElement("input"), {name});
          field.setAttribute("value", "from the server");
          table.append(field);
        }
        document.querySelector("[name=typed]").value = "half a sen";
        document.querySelector("[name=typed]").focus();
        document.querySelector("[name=typed]").setSelectionRange(4, 6);
        // The answer brings the same fields with the server's words in them.
        document.addEventListener("htmx:beforeSwap", (event) => {
          event.detail.serverResponse = event.detail.serverResponse.replace(
            /(<div id="execution_table"[^]*?>)/,
            '$1<input name="typed" value="from the server"><input name="untouched" value="anew">');
        });
        window.table = table; }"""
    )
    came_anew(page, "table")
    expect(page.locator("[name=typed]")).to_have_value("half a sen")
    expect(page.locator("[name=typed]")).to_be_focused()
    assert page.evaluate("document.activeElement.selectionStart") == 4
    expect(page.locator("[name=untouched]")).to_have_value("anew")
