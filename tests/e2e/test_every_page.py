"""Everybody gets every page whole: on a wide screen, on a phone, in light and dark, by keyboard."""

import json
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e import site_map
from tests.e2e.browser import Reader
from tests.e2e.site_map import Sight, admin_models, sights
from tests.e2e.soundness import WIDE, faults_at_a_glance, faults_of
from tests.e2e.things import Things
from tests.stack.stack import PASSWORD, Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

_HIDDEN = "document.activeElement.getBoundingClientRect().bottom <= 0"


@pytest.fixture(scope="module")
def tab(stack: Stack, browser: Browser) -> Iterator[Reader]:
    """Return one tab for all the pages, of somebody who may see everything."""
    with browser.new_context(viewport=WIDE, reduced_motion="reduce") as context:
        reader = Reader(context, stack.address)
        reader.sign_in("admin", PASSWORD)
        yield reader


@pytest.fixture
def administrator(tab: Reader) -> Reader:
    """Return who may see everything, with nothing to complain of yet."""
    tab.complaints.clear()
    return tab


@pytest.fixture(scope="module")
def operators(stack: Stack, things: Things, browser: Browser) -> Iterator[dict[str, Reader]]:
    """Return one with the role NOC to whom the server is granted, and one with HELPDESK."""
    noc = stack.user("NOC")
    stack.grant(noc, things.server)
    names = {"NOC+": noc, "HELPDESK": stack.user("HELPDESK")}
    contexts = {persona: browser.new_context(viewport=WIDE) for persona in names}
    readers = {}
    for persona, name in names.items():
        readers[persona] = Reader(contexts[persona], stack.address)
        readers[persona].sign_in(name, PASSWORD)
    yield readers
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="module")
def titles() -> dict[str, str]:
    """Return the pages by their titles."""
    return {}


def test_no_page_is_left_out() -> None:
    assert site_map.left_out() == set(), "Say in tests/e2e/site_map.py what it is."


def test_nothing_is_said_of_routes_that_are_gone() -> None:
    known = set(site_map.routes())
    assert set(site_map.NO_PAGES) | set(site_map.OF_ONE) <= known


@pytest.mark.parametrize("sight", sights(), ids=lambda sight: sight.name)
def test_a_page_is_sound(
    sight: Sight, things: Things, administrator: Reader, titles: dict[str, str]
) -> None:
    page = administrator.page
    administrator.visit(sight.path(things.paths))
    page.wait_for_load_state("load")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    assert not page.evaluate(_HIDDEN), "the link to the content is not seen when it has the focus"
    assert titles.setdefault(page.title(), sight.route) == sight.route, "it has another's title"
    assert not "\n".join(faults_of(page))
    assert administrator.complaints == []


@pytest.mark.parametrize("sight", sights(), ids=lambda sight: sight.name)
@pytest.mark.parametrize("persona", ["NOC+", "HELPDESK"])
def test_who_may_see_a_page_gets_it_whole_and_who_may_not_is_told_what_to_do(
    sight: Sight, persona: str, things: Things, operators: dict[str, Reader]
) -> None:
    reader = operators[persona]
    reader.complaints.clear()
    answer = reader.page.goto(f"{reader.address}{sight.path(things.paths)}")
    assert answer is not None
    assert answer.status == sight.status(persona)

    if answer.status != 200:
        expect(reader.page.get_by_role("link", name="Go to the home page")).to_be_visible()
        reader.forgive(str(answer.status))
    assert not "\n".join(faults_at_a_glance(reader.page))
    assert reader.complaints == []


@pytest.mark.parametrize("model", ["", *admin_models()])
def test_the_pages_of_the_admin_are_sound(
    model: str, things: Things, administrator: Reader
) -> None:
    page = administrator.page
    administrator.visit(f"/admin/{model}{'/' if model else ''}")
    places = page.locator("#result_list th a, .object-tools .addlink").evaluate_all(
        "(links) => links.map((link) => link.pathname)"
    )
    found = {page.url: faults_of(page)}
    for path in dict.fromkeys((*places[:1], *places[-1:])):
        administrator.visit(path)
        found[path] = faults_of(page)
    assert not "\n".join(f"{path}: {fault}" for path in found for fault in found[path])
    assert administrator.complaints == []


def test_the_login_is_sound(stack: Stack, browser: Browser) -> None:
    with browser.new_context(viewport=WIDE, reduced_motion="reduce") as context:
        reader = Reader(context, stack.address)
        reader.visit("/login/?next=/servers/")
        assert not "\n".join(faults_of(reader.page))
        reader.page.locator("[name=username]").fill("nobody")
        reader.page.locator("[name=password]").fill("nothing")
        reader.page.get_by_role("button", name="Sign in").click()
        expect(reader.page.get_by_role("alert")).to_be_visible()
        assert not "\n".join(faults_of(reader.page))
        assert reader.complaints == []


def test_the_home_page_stays_live(administrator: Reader) -> None:
    administrator.visit("/")
    with administrator.page.expect_response("**/now/?*") as polled:
        pass
    assert polled.value.status in (200, 204)


_ERRORS = """
from django.template.loader import render_to_string
id = "0123456789abcdef" * 2
print(json.dumps({
    name: render_to_string(f"{name}.html", {**more, "contact": "the platform team, #ops"})
    for name, more in {
        "400": {"status": 413, "heading": "That is too much at once", "message": "Send less."},
        "403_csrf": {"back": "/servers/"},
        "500": {"request_id": id},
        "503": {"request_id": id, "is_read": True},
    }.items()
}))
"""


def test_the_pages_for_errors_are_sound(stack: Stack, administrator: Reader) -> None:
    reader, page = administrator, administrator.page
    found = {}
    for path in ("/nowhere/", "/incident/", "/executions/x/", "/logout/"):
        answer = page.goto(f"{reader.address}{path}")
        assert answer is not None
        assert answer.status in (404, 405)
        reader.forgive(str(answer.status))
        found[path] = faults_of(page)
    # What is not easily provoked in a running OpsManager is laid into its place.
    for name, html in json.loads(stack.python(_ERRORS)).items():
        page.route(f"**/{name}/", partial(Route.fulfill, body=html, content_type="text/html"))
        page.goto(f"{reader.address}/{name}/")
        found[name] = faults_of(page)
        page.unroute(f"**/{name}/")
    assert not "\n".join(f"{path}: {fault}" for path in found for fault in found[path])
    assert reader.complaints == []


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/redoc/"])
def test_the_documentation_of_the_api_is_shown(administrator: Reader, path: str) -> None:
    """Shown by Swagger UI and Redoc, whose own build is not ours to mend: no axe here."""
    page = administrator.page
    administrator.visit(path)

    expect(page.get_by_text("OpsManager API").first).to_be_visible()
    expect(page.get_by_text("automation/executions").first).to_be_visible()
    assert administrator.complaints == []


_SPOIL = """() => {
  const main = document.querySelector("main");
  const add = (name, text, properties) => {
    const element = Object.assign(document.createElement(name), properties);
    element.textContent = text;
    main.append(element);
    return element;
  };
  add("p", "hardly seen", {id: "pale"}).style.color = "oklch(0.9 0.01 275)";
  add("input", "", {type: "text"});
  add("h1", "Another one");
  add("div", "wide", {id: "pale"}).style.width = "700px";
  const small = add("button", "x");
  small.style.cssText = "width: 10px; height: 10px; padding: 0; border: 0; margin: 0";
  main.append(small.cloneNode(true));
}"""


def test_the_checks_find_what_is_wrong(administrator: Reader) -> None:
    page = administrator.page
    administrator.visit("/account/")
    page.evaluate(_SPOIL)
    found = "\n".join(faults_of(page))
    administrator.complaints.clear()
    for fault in (
        "light: color-contrast",
        "light: label",
        "2 main headings",
        "ids that stand twice: pale",
        "wider than 640 px",
        "wider than 320 px",
        "on a phone: target-size",
        "an inline style",
    ):
        assert fault in found
