"""A real Chromium, and a page in it that notes everything a reader would complain of."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PageError

CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 120_000.0  # milliseconds, for a busy machine
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium without a window; end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


class Reader:
    """A person with a browser: `page` is the tab, `complaints` what went wrong beneath it.

    Complaints are errors and warnings on the console (so each violation of the content security
    policy), uncaught errors, requests to another origin, and requests that failed.
    """

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.complaints: list[str] = []
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._break)
        self.page.on("request", self._watch)
        self.page.on("requestfailed", self._fail)

    def sign_in(self, username: str, password: str) -> None:
        """Log in on the login page and come to the home page."""
        self.page.goto(f"{self.address}/login/")
        self.page.locator("[name=username]").fill(username)
        self.page.locator("[name=password]").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.address}/")

    def visit(self, path: str) -> None:
        """Open a page of OpsManager, which must answer well."""
        answer = self.page.goto(f"{self.address}{path}")
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def forgive(self, status: str) -> None:
        """Forget what Chromium itself wrote about an answer with this status."""
        said = f"the server responded with a status of {status}"
        self.complaints = [one for one in self.complaints if said not in one]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type} at {self.page.url}: {message.text}")

    def _break(self, error: PageError) -> None:
        self.complaints.append(f"uncaught at {self.page.url}: {error}")

    def _watch(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.address).netloc:
            self.complaints.append(f"{self.page.url} asks {request.url}")

    def _fail(self, request: Request) -> None:
        # What a page was still asking for when the reader left it is no fault.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url} failed: {request.failure}")
