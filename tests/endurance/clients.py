"""The clients of a long run: those who launch, and those who look on."""

import http.client
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psycopg

from tests.endurance.work import Order
from tests.faults.world import World
from tests.stack.client import Answer, Api
from tests.stack.leaks import Pages
from tests.stack.stack import PASSWORD

_LOOK_SECONDS = 0.25
_CANCEL_AFTER = 1.0
_LIVE = """
SELECT count(*) FROM automation_execution WHERE status IN ('PENDING', 'RUNNING')
"""


class Desk:
    """What all clients share: how long answers took, and what was answered wrongly."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.wrong: list[str] = []
        self.during = ""
        """Words for what goes on now; answers of that time are told apart."""
        self.closing = threading.Event()
        self._lock = threading.Lock()

    def ask(self, what: str, call: Callable[[], Answer], *wanted: int) -> Answer | None:
        """Call; note how long it took, and when the answer is none of those that are wanted."""
        what += self.during
        began = time.monotonic()
        try:
            answer = call()
        except (OSError, http.client.HTTPException, AssertionError) as problem:
            self._note(what, began, f"{what}: {problem!r}")
            return None
        known = answer.status in wanted
        self._note(what, began, "" if known else f"{what}: {answer.status} {answer.text[:200]}")
        return answer if known else None

    def _note(self, what: str, began: float, problem: str) -> None:
        with self._lock:
            self.seconds.setdefault(what, []).append(time.monotonic() - began)
            if problem:
                self.wrong.append(problem)


class Launchers:
    """Launch one order after the other, as long as few enough executions are live."""

    def __init__(self, world: World, desk: Desk, *, clients: int, at_once: int) -> None:
        self.asked = 0
        """Executions that were promised."""
        self.keys: dict[str, Order] = {}
        self.live = 0
        self._world = world
        self._desk = desk
        self._clients = clients
        self._at_once = at_once
        self._lock = threading.Lock()

    def launch(self, orders: Iterator[Order], *, until: float) -> None:
        """Launch these until the last is answered, or that time has come; then let all end."""
        ending = threading.Event()
        looker = threading.Thread(target=self._look, args=(ending,))
        threads = [
            threading.Thread(target=self._launch_all, args=(orders, until))
            for _ in range(self._clients)
        ]
        for thread in (looker, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        ending.set()
        looker.join()

    def wait_for_the_last(self, *, patience: float) -> int:
        """Wait until nothing is live; return how many are when patience is over."""
        deadline = time.monotonic() + patience
        while self._count() and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return self.live

    def _launch_all(self, orders: Iterator[Order], until: float) -> None:
        api = self._world.stack.api()
        while time.monotonic() < until and not self._desk.closing.is_set():
            if self.live >= self._at_once:
                time.sleep(_LOOK_SECONDS)
                continue
            with self._lock:
                order = next(orders, None)
                if order is None:
                    return
                self.live += len(order.servers)
            self._launch(api, order)

    def _launch(self, api: Api, order: Order) -> None:
        def post() -> Answer:
            return api.post("automation/batches", order.body, Idempotency_Key=order.key)

        answer = self._desk.ask("launch", post, 201)
        if answer is None:
            return
        batch = answer.json["batch"]
        with self._lock:
            self.keys[order.key] = order
            self.asked += len(order.servers)
        if batch["refusals"]:
            self._desk.wrong.append(f"{order.key} was refused: {batch['refusals'][:2]}")
        if order.kind.is_cancelled:
            time.sleep(_CANCEL_AFTER)
            path = f"automation/batches/{batch['id']}/cancel"
            self._desk.ask("cancel", lambda: api.post(path), 200)

    def _look(self, ending: threading.Event) -> None:
        while not ending.wait(_LOOK_SECONDS):
            with suppress(psycopg.Error):
                self._count()

    def _count(self) -> int:
        with psycopg.connect(self._world.database_url, connect_timeout=5) as connection:
            row = connection.execute(_LIVE).fetchone()
        self.live = int(row[0]) if row else 0
        return self.live


class Visitors:
    """Read lists, monitors, logs and pages, follow streams, all the while."""

    def __init__(self, world: World, desk: Desk, *, people: int, pause: float) -> None:
        self._world = world
        self._desk = desk
        self._pause = pause
        self._threads = [
            threading.Thread(target=self._visit, args=(number,)) for number in range(people)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End."""
        self._desk.closing.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, number: int) -> None:
        chance = random.Random(number)
        api = self._world.stack.api()
        pages = Pages(self._world.stack.address, username="admin", password=PASSWORD)
        ids: list[str] = []
        for turn in itertools.count():
            if self._desk.closing.wait(self._pause):
                return
            if turn % 20 == 0:
                ids = self._listed(api) or ids
            if not ids:
                continue
            execution = chance.choice(ids)
            if turn % 20 == 10:
                with suppress(OSError, http.client.HTTPException):
                    self._follow(api, execution)
            elif turn % 2:
                path = chance.choice(_API).format(execution)
                self._desk.ask("read", lambda path=path: api.get(path), 200)
            else:
                path = chance.choice(_PAGES).format(execution)
                self._desk.ask("page", lambda path=path: _page(pages, path), 200)

    def _listed(self, api: Api) -> list[str]:
        path = "automation/executions?limit=50"
        answer = self._desk.ask("read", lambda: api.get(path), 200)
        return [row["id"] for row in answer.json["executions"]] if answer else []

    def _follow(self, api: Api, execution: str) -> None:
        """Follow a log for a moment, and go away in the middle of it."""
        connection = http.client.HTTPConnection(self._world.stack.plan.address[7:], timeout=30)
        try:
            path = f"/api/v1/automation/executions/{execution}/logs/stream"
            headers = {"Authorization": f"Bearer {api.token()}", "Accept": "text/event-stream"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                self._desk.wrong.append(f"stream: {answer.status}")
            answer.readline()
        finally:
            connection.close()


def _page(pages: Pages, path: str) -> Answer:
    status, text = pages.get(path)
    return Answer(status=status, headers={}, text=text)


_API = (
    "automation/executions?limit=20",
    "automation/executions?status=FAILED&limit=20",
    "automation/executions/{}",
    "automation/executions/{}/logs",
    "automation/batches?limit=10",
    "automation/runbooks",
    "servers",
    "incidents",
)
_PAGES = (
    "/",
    "/now/",
    "/executions/",
    "/executions/{}/",
    "/executions/{}/state/",
    "/executions/{}/log/",
    "/executions/{}/log/rows/",
    "/executions/{}/log.txt",
    "/batches/",
    "/servers/",
    "/incidents/",
    "/runbooks/",
    "/analytics/",
    "/audit/",
)
