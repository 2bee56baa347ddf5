"""How quick the monitor is with an output of 100,000 lines, and with 2,000 commands.

Everything is real and on this machine: web, PostgreSQL, Redis as processes, Chromium without a
window. Run it on an idle machine: `make bench-pages`, or `make bench-pages ARGS="--times 9"`.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from tests.e2e.browser import Reader, chromium
from tests.stack import long_logs
from tests.stack.stack import PASSWORD, Stack, without_workers

GOALS_MS = {
    "open it": 1500,
    "unfold all lines": 1500,
    "search them": 1000,
    "scroll to the end": 500,
    "append a row": 200,
}
MOST_NODES = 7_000
_NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
_TO_END = """async () => {
  const view = document.getElementById("log-view");
  view.scrollTop = view.scrollHeight;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}"""
_APPEND = """async () => {
  const rows = document.getElementById("log-rows");
  rows.append(rows.querySelector(".log-row").cloneNode(true));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}"""


def main() -> None:
    """Measure, print a table, and end with 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=5, help="how often each is measured")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="opsmanager-bench-") as folder:
        Path(folder, "stack").mkdir()
        with without_workers(Path(folder, "stack")) as stack:
            missed = measure(stack, asked.times)
    sys.exit(1 if missed else 0)


def measure(stack: Stack, times: int) -> bool:
    """Open both logs again and again; return whether a goal was missed."""
    server = {"id": stack.python(_SERVER).strip()}
    pages = {
        f"One output of {long_logs.LINES:,} lines": long_logs.long_output(stack, server),
        f"{long_logs.ROWS:,} commands": long_logs.many_rows(stack, server, bad=[], status="FAILED"),
    }
    missed = False
    print(f"\nMilliseconds, median of {times}.\n")
    with chromium() as browser:
        for name, execution in pages.items():
            found: dict[str, list[float]] = {}
            nodes = 0
            for _ in range(times):
                with browser.new_context(viewport={"width": 1360, "height": 900}) as context:
                    reader = Reader(context, stack.address)
                    reader.sign_in("admin", PASSWORD)
                    nodes = max(nodes, walk(reader, execution, found))
            print(name)
            for what, took in found.items():
                is_missed = median(took) > GOALS_MS[what]
                missed = missed or is_missed
                print(
                    f"  {what:<20} {median(took):7.0f}   under {GOALS_MS[what]}"
                    f"{'   MISSED' if is_missed else ''}"
                )
            missed = missed or nodes > MOST_NODES
            print(f"  elements at most     {nodes:7}   under {MOST_NODES}")
    return missed


def walk(reader: Reader, execution: str, found: dict[str, list[float]]) -> int:
    """Do all of it once; return how many elements the page had at most while it was folded."""
    page = reader.page

    def timed(what: str, do: Callable[[], object]) -> None:
        start = time.perf_counter()
        do()
        found.setdefault(what, []).append((time.perf_counter() - start) * 1000)

    timed("open it", lambda: (reader.visit(f"/executions/{execution}/"), settle(page)))
    nodes: int = page.evaluate("document.querySelectorAll('*').length")
    if page.locator(".log-fold").count():
        timed("unfold all lines", lambda: unfold(page))
        nodes = page.evaluate("document.querySelectorAll('*').length")
    timed("search them", lambda: search(page))
    timed("scroll to the end", lambda: page.evaluate(_TO_END))
    timed("append a row", lambda: page.evaluate(_APPEND))
    return nodes


def unfold(page: Page) -> None:
    page.locator("[data-log-unfold]").first.click()
    page.locator(".log-block").last.wait_for(state="attached")
    settle(page)


def search(page: Page) -> None:
    page.locator("#log-search").fill("9")
    page.locator("#log-hits", has_text="hit").wait_for()
    settle(page)


def settle(page: Page) -> None:
    """Wait until what is there has been painted."""
    page.evaluate(_NEXT_FRAME)


_SERVER = """
from tests.support import servers
print(servers.server("bench").pk)
"""

if __name__ == "__main__":
    main()
