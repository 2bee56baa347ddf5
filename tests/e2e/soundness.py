"""What is asked of each page, in light and dark, on a wide screen and on a phone."""

from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE: Final = {"width": 1360, "height": 900}
NARROW_WIDTHS: Final = (640, 360, 320)
"""A laptop at 200 %, the smallest phone that is promised, and what WCAG's reflow asks for."""

_RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_OPTIONS: Final[dict[str, Any]] = {
    "runOnly": {"type": "tag", "values": _RULES},
    "resultTypes": ["violations"],
    # It would fetch the style sheets once more, and write some of its own, against the policy.
    "preload": False,
}
# What else there is to find depends on no colour, and light has found it.
_IN_THE_DARK: Final[dict[str, Any]] = {
    **_OPTIONS,
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
_ON_A_PHONE: Final[dict[str, Any]] = {
    **_OPTIONS,
    "runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]},
}
_BUILD: Final = """() => {
  const faults = [];
  const headings = document.querySelectorAll("h1").length;
  if (headings !== 1) faults.push(`${headings} main headings`);
  if (document.title.trim().length < 5) faults.push(`the title is "${document.title}"`);
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (twice.length) faults.push(`ids that stand twice: ${[...new Set(twice)]}`);
  for (const each of document.querySelectorAll("*")) {
    for (const { name } of each.attributes) {
      if (name === "style" && !each.closest("svg, canvas, .select2-container")) {
        faults.push(`an inline style: ${each.outerHTML.slice(0, 120)}`);
      }
      if (name.startsWith("on")) faults.push(`an inline handler: ${each.outerHTML.slice(0, 120)}`);
    }
  }
  return faults;
}"""
_OVERFLOW: Final = """async () => {
  // What a script fits to its place, such as a chart, does so in the next frames.
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > width + 1)
    .map((each) => each.outerHTML.slice(0, 80))
    .slice(0, 5);
}"""
_SETTLE: Final = """() => Promise.allSettled(
  document.getAnimations()
    .filter((each) => each instanceof CSSTransition)
    .map((each) => each.finished)
)"""
_LOOK_OF_FOCUS: Final = """() => {
  const look = getComputedStyle(document.activeElement);
  return [look.outlineStyle, look.outlineWidth, look.outlineColor, look.boxShadow].join(" ");
}"""


def faults_of(page: Page) -> list[str]:
    """Return what is wrong with the page that is open; leave it light and wide."""
    faults = faults_at_a_glance(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    faults += [f"dark: {each}" for each in violations(page, _IN_THE_DARK)]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    for width in NARROW_WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        faults += [f"wider than {width} px: {each}" for each in page.evaluate(_OVERFLOW)]
    faults += [f"on a phone: {each}" for each in violations(page, _ON_A_PHONE)]
    page.set_viewport_size(WIDE)
    return faults


def faults_at_a_glance(page: Page) -> list[str]:
    """Return what is wrong with the page as it is."""
    return [*page.evaluate(_BUILD), *(f"light: {each}" for each in violations(page))]


def violations(
    page: Page, options: dict[str, Any] | None = None, *, within: str | None = None
) -> list[str]:
    """Return what axe-core finds on the page, or ``within`` a part of it: a line for each place."""
    # What fades from one colour to the next has neither of them yet.
    page.evaluate(_SETTLE)
    found = Axe().run(page, within, options or _OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {place['html'][:160]} ({' '.join(place['failureSummary'].split())[:240]})"
        for rule in found
        for place in rule["nodes"]
    ]


def look_of_focus(page: Page) -> str:
    """Return how what has the focus is marked, to be compared with how it looks without it."""
    return str(page.evaluate(_LOOK_OF_FOCUS))
