"""The log of an execution: in pieces, waited for, and asked whether anything is new."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import F
from django.test import Client

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, ExecutionLog
from opsmanager.common.api.places import places
from tests.automation import makers
from tests.automation.api.conftest import API
from tests.automation.runner.conftest import committed, db
from tests.support.users import signed_in
from tests.support.waiting import eventually

__all__ = ["committed", "db"]
RUNNING: dict[str, Any] = {
    "status": ActionStatus.RUNNING,
    "exit_code": None,
    "finished_at": None,
}


@pytest.fixture
def client(committed: None) -> Client:
    return signed_in(makers.user("HELPDESK"))


@pytest.fixture
def execution(committed: None) -> Execution:
    return makers.execution(status=Status.RUNNING, revision=7)


@pytest.fixture
def aside() -> Iterator[Callable[..., Any]]:
    """Does something in another thread, with a connection of its own."""

    def closing(work: Callable[..., Any], *given: Any) -> Any:
        try:
            return work(*given)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        yield lambda work, *given: threads.submit(closing, work, *given)


def path(execution: Execution) -> str:
    return f"{API}/executions/{execution.pk}/logs"


def seqs(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [row["seq"] for row in answer.json()["logs"]]


def changed(execution: Execution, **fields: Any) -> None:
    Execution.objects.filter(pk=execution.pk).update(revision=F("revision") + 1, **fields)


def test_a_long_log_is_taken_in_pieces(client: Client, execution: Execution) -> None:
    for seq in range(1, 6):
        makers.log_row(execution, seq, step_number=1 if seq < 5 else 2)

    taken, after, totals = [], 0, []
    while True:
        answer = client.get(path(execution), {"after": after, "limit": 2})
        if not seqs(answer):
            break
        totals.append(answer.json()["total"])
        taken += seqs(answer)
        after = taken[-1]

    assert taken == [1, 2, 3, 4, 5]
    # All that the filters leave, of which `after` is one; never just what came.
    assert totals == [5, 3, 1]
    answer = client.get(path(execution), {"limit": 2, "stepNumber": 1})
    assert (seqs(answer), answer.json()["total"]) == ([1, 2], 4)


@pytest.mark.parametrize(
    ("name", "value"), [("limit", "0"), ("limit", "1001"), ("limit", "x"), ("wait", "21")]
)
def test_a_piece_or_a_wait_beyond_measure_is_refused(
    client: Client, execution: Execution, name: str, value: str
) -> None:
    answer = client.get(path(execution), {name: value})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION")
    assert list(answer.json()["details"]) == [name]


def test_a_log_that_has_not_changed_is_neither_read_nor_sent_again(
    client: Client, execution: Execution, django_assert_max_num_queries: Any
) -> None:
    makers.log_row(execution, 1)
    etag = client.get(path(execution), {"after": 0})["ETag"]

    with django_assert_max_num_queries(20) as seen:
        again = client.get(path(execution), {"after": 0}, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert not any("executionlog" in query["sql"] for query in seen.captured_queries)
    # Another question has another answer, though nothing has changed.
    other = client.get(path(execution), {"after": 1}, headers={"if-none-match": etag})
    assert other.status_code == 200

    makers.log_row(execution, 2)
    changed(execution)
    new = client.get(path(execution), {"after": 0}, headers={"if-none-match": etag})
    assert (seqs(new), new["ETag"] != etag) == ([1, 2], True)


def test_a_detail_is_304_until_something_of_it_changes(
    client: Client, execution: Execution
) -> None:
    where = f"{API}/executions/{execution.pk}"
    etag = client.get(where)["ETag"]
    assert client.get(where, headers={"if-none-match": etag}).status_code == 304
    # The server's name is no part of the execution itself.
    type(execution.server).objects.update(name="renamed")
    new = client.get(where, headers={"if-none-match": etag})
    assert (new.status_code, new.json()["execution"]["serverName"]) == (200, "renamed")


def test_a_long_poll_is_answered_when_the_next_row_has_ended(
    client: Client, execution: Execution, aside: Any
) -> None:
    makers.log_row(execution, 1)
    makers.log_row(execution, 2, **RUNNING)
    makers.log_row(execution, 3)  # of a step at the same time: 2 comes first
    answer = aside(client.get, path(execution), {"after": 1, "wait": 20})
    eventually(lambda: places.taken == 1)

    ExecutionLog.objects.filter(seq=2).update(status=ActionStatus.SUCCESS)
    changed(execution)

    shown = answer.result(60)
    assert (seqs(shown), shown.json()["logs"][0]["status"]) == ([2, 3], "SUCCESS")
    assert places.taken == 0


def test_a_long_poll_is_answered_when_the_execution_has_ended(
    client: Client, execution: Execution, aside: Any
) -> None:
    answer = aside(client.get, path(execution), {"wait": 20})
    eventually(lambda: places.taken == 1)
    changed(execution, status=Status.SUCCESS, lease_until=None, holds_server=False)
    assert seqs(answer.result(60)) == []
    # And at once where it has.
    assert seqs(client.get(path(execution), {"wait": 20})) == []


def test_a_long_poll_without_news_is_answered_when_its_time_is_over(
    client: Client, execution: Execution
) -> None:
    makers.log_row(execution, 1, **RUNNING)
    assert seqs(client.get(path(execution), {"wait": 1})) == [1]


def test_who_waits_holds_no_connection(
    client: Client, execution: Execution, aside: Any, settings: Any
) -> None:
    settings.LIVE_LOOK_SECONDS = 5  # long enough to be seen asleep
    waiting = [aside(client.get, path(execution), {"wait": 1}) for _ in range(3)]
    eventually(lambda: places.taken == 3)
    eventually(lambda: backends() == 1)
    assert not any(answer.done() for answer in waiting)


def test_a_long_poll_without_a_place_is_told_to_ask_from_time_to_time(
    client: Client, execution: Execution, settings: Any
) -> None:
    settings.LIVE_PLACES = 0
    answer = client.get(path(execution), {"wait": 5})
    assert (answer.status_code, answer.json()["code"]) == (503, "BUSY")
    assert answer["Retry-After"] == "5"
    assert "from time to time" in answer.json()["message"]
    # What need not wait needs no place.
    makers.log_row(execution, 1)
    assert seqs(client.get(path(execution), {"wait": 5})) == [1]
    assert seqs(client.get(path(execution))) == [1]


def backends() -> int:
    """Return how many connections to this test database are open, this one among them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
