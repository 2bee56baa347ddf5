"""Takes the pictures of the docs from a running OpsManager with its demo servers.

Start `make run` on a fresh data folder, then this with its address and password: it walks from the
demo incident to FIXED. Needs Chromium.
"""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

IMAGES = Path(__file__).with_name("images")
DESKTOP = (1280, 860)
PHONE = (390, 844)
LARGEST = 200_000  # bytes
PATIENCE_MS = 60_000
SETTLE_MS = 700  # for fonts and what moves into its place
OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


class Photographer:
    """One signed-in tab of a browser, of one size and one colour scheme."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def visit(self, path: str) -> None:
        """Open a page of OpsManager."""
        self.page.goto(f"{self.address}{path}")

    def take(self, name: str) -> None:
        """Take the picture `name`. Raises SystemExit when it is too large to ship."""
        target = IMAGES / f"{name}.png"
        # No toast of an earlier step, and nothing under the pointer.
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(SETTLE_MS)
        self.page.screenshot(path=target, animations="disabled")
        size = target.stat().st_size
        if size > LARGEST:
            raise SystemExit(f"{target} has {size} bytes, more than {LARGEST}.")
        print(f"{target.name}: {size // 1000} kB")  # noqa: T201 - a script tells what it made


@contextmanager
def tab(
    browser: Browser, asked: argparse.Namespace, *, size: tuple[int, int], scheme: str
) -> Iterator[Photographer]:
    """Sign in and yield somebody who takes pictures."""
    width, height = size
    with browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{asked.address}/login/")
        page.locator("[name=username]").fill(asked.user)
        page.locator("[name=password]").fill(asked.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{asked.address}/")
        yield Photographer(page, asked.address)


def walk(one: Photographer) -> str:
    """Take the pictures of the walk from the incident to FIXED; return the monitor's address."""
    page = one.page
    incident = page.locator("#needs_you").get_by_role("link", name="shop.service on web-1 is down")
    one.take("home")
    incident.first.click()
    one.take("incident")
    page.locator("#suggestions-fix").get_by_role("button", name="Dry run").click()
    expect(page.locator(".outcome-marks [data-state=SUCCESS]")).to_be_visible()
    one.take("dry-run")
    page.get_by_role("button", name="Run exactly this").click()
    expect(page.locator(".outcome-marks [data-state=FIXED]")).to_be_visible()
    page.reload()
    one.take("monitor")
    return page.url.removeprefix(one.address)


def batch(one: Photographer) -> None:
    """Take the picture of a batch on all demo servers."""
    page = one.page
    one.visit("/runbooks/HEALTH_CHECK/batch/")
    page.get_by_role("button", name="Tick all shown").click()
    page.locator("#confirm-server").fill("db-1")
    page.get_by_label("Reason").fill("Morning round")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Run it").click()
    page.wait_for_url("**/batches/*/")
    expect(page.locator("#batch_state[hx-trigger]")).to_have_count(0)
    one.take("batch")


def api_token(one: Photographer) -> None:
    """Take the picture of an account with an API token."""
    page = one.page
    one.visit("/account/tokens/new/")
    page.get_by_role("textbox", name="Name", exact=True).fill("ChatOps bot")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_text("opsm_").first.wait_for()
    one.visit("/account/")
    one.take("account")


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("address", help="such as http://127.0.0.1:8000")
    parser.add_argument("password")
    parser.add_argument("--user", default="admin")
    asked = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=list(OPTIONS))
        with tab(browser, asked, size=PHONE, scheme="light") as one:
            one.take("home-phone")
        with tab(browser, asked, size=DESKTOP, scheme="light") as one:
            monitor = walk(one)
            one.visit("/servers/")
            one.page.get_by_role("link", name="web-1").first.click()
            one.page.get_by_role("button", name="Check now").click()
            expect(one.page.locator("#check [data-state=REACHABLE]")).to_be_visible()
            server = one.page.url.rstrip("/").rpartition("/")[2]
            one.take("server")
            one.visit(f"/runbooks/SERVICE_RESTART/?server={server}&serviceName=shop.service")
            one.take("runbook")
            batch(one)
            api_token(one)
            one.visit("/admin/")
            one.take("admin")
        with tab(browser, asked, size=DESKTOP, scheme="dark") as one:
            one.visit(monitor)
            one.take("monitor-dark")
        with tab(browser, asked, size=PHONE, scheme="light") as one:
            one.visit(monitor)
            one.take("monitor-phone")
        browser.close()


if __name__ == "__main__":
    main()
