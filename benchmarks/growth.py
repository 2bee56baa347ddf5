"""How long lists, details, searches and analytics take once there is a long history.

Fills a database with 100,000 executions, 1,000,000 rows of their logs and 200,000 events, and asks
a real web process for each call, as ADMIN and as NOC. Beside the milliseconds it says by which
indexes PostgreSQL went, asked within this process. Ends with 1 where a call takes more than 100 ms
at the median, or a large table was read whole: `make bench-growth`, on an idle machine.
"""

import argparse
import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks import in_process
from benchmarks.circumstances import circumstances
from benchmarks.growth_calls import EVERYBODY, Call, calls
from benchmarks.growth_rows import Size, fill
from tests.stack.stack import Stack, without_workers

GOAL_MS = 100
WARM_UP = 2
MOST_BYTES = 9_999_999


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One call as one role."""

    path: str
    role: str
    status: int
    p50: float
    p95: float
    rows: int | None
    """Of the list on this page."""
    total: int | None
    queries: int
    scanned: tuple[str, ...]
    indexes: tuple[str, ...]
    slowest_query: str

    @property
    def fails(self) -> bool:
        """Whether it misses the goal."""
        return self.status != 404 and (
            self.status != 200 or self.p50 > GOAL_MS or bool(self.scanned)
        )


def main() -> None:
    """Fill, measure, print a table, and store the figures where --output says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=15, help="how often each call is asked")
    parser.add_argument("--only", default="", help="a part of the paths to ask for")
    parser.add_argument("--share", type=float, default=1.0, help="of the rows; for a quick look")
    parser.add_argument("--output", type=Path, help="file for the figures, as JSON")
    asked = parser.parse_args()
    size = Size(
        executions=int(100_000 * asked.share),
        logs_each=10,
        events=int(200_000 * asked.share),
        incidents=int(20_000 * asked.share),
        batches=int(1_250 * asked.share) + 1,
    )
    with filled(size) as bench:
        found = [
            bench.measure(call, role, asked.times)
            for call in calls()
            if asked.only in call.path
            for role in call.roles
        ]
    show(found)
    if asked.output:
        asked.output.write_text(json.dumps(report(found), indent=2) + "\n")
    sys.exit(any(each.fails for each in found))


class Bench:
    """The web process, the two users, and the ids that paths name."""

    def __init__(self, stack: Stack, names: dict[str, str]) -> None:
        from django.test import Client  # noqa: PLC0415 - Django is ready only now

        from opsmanager.accounts.models import User  # noqa: PLC0415

        self._stack = stack
        self._ids = ids()
        self._web = http.client.HTTPConnection(urlsplit(stack.address).netloc, timeout=120)
        # Without workers of its own, so that its queries can be looked at.
        host = urlsplit(stack.address).hostname
        self._script = Client(SERVER_NAME=host)
        self._browsers = {role: Client(SERVER_NAME=host) for role in names}
        for role, name in names.items():
            self._browsers[role].force_login(User.objects.get(username=name))
        self._names = names

    def measure(self, call: Call, role: str, times: int) -> Measured:
        """Ask several times over HTTP, and once within this process for the plans."""
        from benchmarks.query_plans import plan_of  # noqa: PLC0415 - Django is ready only now

        path = quote(call.path.format(**self._ids), safe="/?&=,:-")
        headers = self._headers_of(role, is_page=call.is_page)
        for _ in range(WARM_UP):
            status, body = self._get(path, headers)
        took = []
        if status == 200:
            for _ in range(times):
                start = time.perf_counter()
                self._get(path, headers)
                took.append((time.perf_counter() - start) * 1000)
        p50, p95 = percentiles(took) if took else (0.0, 0.0)
        # A browser of the tests brings its own cookies along.
        browser = self._browsers[role] if call.is_page else self._script
        plan = plan_of(browser, path, {} if call.is_page else headers)
        if plan.status != status:
            raise AssertionError(f"{path} is {status} over HTTP and {plan.status} within.")
        content = json.loads(body) if not call.is_page and status == 200 else {}
        rows = next((len(part) for part in content.values() if isinstance(part, list)), None)
        return Measured(
            path=call.path,
            role=role,
            status=status,
            p50=round(p50, 1),
            p95=round(p95, 1),
            rows=rows,
            total=content.get("total"),
            queries=plan.queries,
            scanned=plan.scanned,
            indexes=plan.indexes,
            slowest_query=plan.slowest,
        )

    def _headers_of(self, role: str, *, is_page: bool) -> dict[str, str]:
        if is_page:
            cookies = self._browsers[role].cookies
            return {"Cookie": "; ".join(f"{key}={cookies[key].value}" for key in cookies)}
        token = self._stack.api(self._names[role]).token()
        return {"Authorization": f"Bearer {token}"}

    def _get(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        self._web.request("GET", path, headers=headers)
        answer = self._web.getresponse()
        return answer.status, answer.read(MOST_BYTES)


@contextmanager
def filled(size: Size) -> Iterator[Bench]:
    """Start a web process on a database with so many rows."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="opsmanager-bench-")))
        stack = ending.enter_context(without_workers(folder / "stack"))
        started = time.monotonic()
        fill(stack.plan.services["DATABASE_URL"], size)
        print(f"Filled in {time.monotonic() - started:.0f} s.")
        in_process.set_up(stack)
        names = {role: stack.user(role) for role in EVERYBODY}
        grant(names["NOC"])
        yield Bench(stack, names)


def grant(name: str) -> None:
    """Let the user operate every fifth server and a group."""
    from opsmanager.accounts import permissions, roles  # noqa: PLC0415 - Django is ready only now
    from opsmanager.accounts.models import User  # noqa: PLC0415
    from servers.models import Server, ServerGroup  # noqa: PLC0415

    user = User.objects.get(username=name)
    for server in Server.objects.order_by("name")[::5]:
        permissions.grant(user, roles.OPERATE_SERVERS, server)
    permissions.grant(user, roles.OPERATE_GROUPS, ServerGroup.objects.get(name="group 1"))


def ids() -> dict[str, str]:
    """Return what stands for the names in the paths."""
    from automation.models import Batch, Execution  # noqa: PLC0415 - Django is ready only now
    from incidents.models import Incident  # noqa: PLC0415
    from servers.models import Server, ServerGroup  # noqa: PLC0415

    batches = Batch.objects.order_by("-created_at")
    now = datetime.now(UTC)
    return {
        "execution": str(Execution.objects.filter(status="SUCCESS").order_by("-queued_at")[900].pk),
        "waiting": str(Execution.objects.filter(status="PENDING").order_by("-queued_at")[0].pk),
        "batch": str(batches[min(100, len(batches) - 1)].pk),
        "server": str(Server.objects.get(name="web-5").pk),
        "group": str(ServerGroup.objects.get(name="group 1").pk),
        "incident": str(Incident.objects.exclude(status="RESOLVED").order_by("-opened_at")[3].pk),
        "week_ago": f"{now - timedelta(days=7):%Y-%m-%d}",
        "month_ago": f"{now - timedelta(days=30):%Y-%m-%d}",
    }


def percentiles(values: list[float]) -> tuple[float, float]:
    """Return p50 and p95."""
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[94]


def show(found: list[Measured]) -> None:
    print(f"\nThe goal: at most {GOAL_MS} ms at the median, and no large table read whole.\n")
    print(f"{'p50':>7} {'p95':>7} {'rows':>4} {'total':>7} {'SQL':>3}  call")
    for each in found:
        mark = "!" if each.fails else " "
        rows = "" if each.rows is None else each.rows
        total = "" if each.total is None else each.total
        print(
            f"{each.p50:7.1f} {each.p95:7.1f} {rows:>4} {total:>7} {each.queries:>3}{mark} "
            f"{each.role:<5} {each.path}"
        )
        if each.status != 200:
            print(
                " " * 33
                + ("left out: 404, not there yet" if each.status == 404 else f"{each.status}!")
            )
        elif each.scanned:
            print(" " * 33 + f"reads all of {', '.join(each.scanned)}")
        elif each.indexes:
            print(" " * 33 + f"by {', '.join(each.indexes)}")
    missed = sum(each.fails for each in found)
    print(f"\n{len(found)} calls, {missed} miss the goal. Load of the machine: {os.getloadavg()}.")


def report(found: list[Measured]) -> dict[str, Any]:
    return {
        **circumstances(),
        "unit": "ms",
        "calls": [asdict(each) for each in found],
    }


if __name__ == "__main__":
    main()
