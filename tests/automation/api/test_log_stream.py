"""A client follows an execution by server-sent events."""

import gc
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, ExecutionLog
from opsmanager.accounts.models import BrowserSession, User
from opsmanager.common.api.places import places
from tests.automation import makers
from tests.automation.api.conftest import API
from tests.automation.api.test_logs import RUNNING, aside, backends, changed
from tests.automation.runner.committed import outage
from tests.automation.runner.conftest import committed, db
from tests.support.users import PASSWORD, signed_in
from tests.support.waiting import eventually

__all__ = ["aside", "committed", "db"]
ENDED: dict[str, Any] = {
    "status": Status.SUCCESS,
    "lease_until": None,
    "holds_server": False,
    "current_step": 2,
}


@pytest.fixture(autouse=True)
def soon(settings: Any) -> None:
    settings.LIVE_LOOK_SECONDS = 0.05


@pytest.fixture
def user(committed: None) -> User:
    return makers.user("HELPDESK")


@pytest.fixture
def execution(committed: None) -> Execution:
    return makers.execution(status=Status.RUNNING, revision=7)


@dataclass(frozen=True)
class Event:
    """One event as a client reads it."""

    name: str
    last_id: str
    data: Any


class Follower:
    """A client of the stream, which reads one event after the other."""

    def __init__(self, client: Client, execution: Execution, **headers: str) -> None:
        self.answer = client.get(path(execution), headers=headers)
        assert self.answer.status_code == 200, self.answer.content
        self.chunks = iter(self.answer)
        self.comments = 0

    def __iter__(self) -> Iterator[Event]:
        for chunk in self.chunks:
            fields = dict(
                line.split(": ", 1) for line in chunk.decode().splitlines() if line[:1] not in ":"
            )
            self.comments += chunk == b":\n\n"
            if "data" in fields:
                data = json.loads(fields["data"])
                yield Event(fields["event"], fields.get("id", ""), data)

    def next(self, count: int = 1) -> list[Event]:
        return list(islice(self, count))

    def close(self) -> None:
        self.answer.close()


def path(execution: Execution) -> str:
    return f"{API}/executions/{execution.pk}/logs/stream"


def names(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.name, event.last_id) for event in events]


def test_an_execution_that_has_ended_is_told_whole_and_the_stream_ends(user: User) -> None:
    execution = makers.execution(status=Status.SUCCESS, last_seq=2)
    for seq in (1, 2):
        makers.log_row(execution, seq, stdout="line\r\nof € two\n\n")
    client = signed_in(user)
    follower = Follower(client, execution)

    events = list(follower)

    assert names(events) == [("log", "1"), ("log", "2"), ("status", ""), ("end", "2-end")]
    logs = client.get(f"{API}/executions/{execution.pk}/logs").json()["logs"]
    assert [event.data for event in events[:2]] == logs
    assert events[2].data == {
        "status": "SUCCESS",
        "verdict": "",
        "currentStep": 0,
        "totalSteps": 2,
        "progress": 100,
        "attempt": 0,
        "rollbackStatus": "",
    }
    listed = client.get(f"{API}/executions").json()["executions"][0]
    assert events[3].data == {"execution": listed}
    assert places.taken == 0


def test_what_a_stream_says_about_itself(user: User, execution: Execution) -> None:
    follower = Follower(signed_in(user), execution)
    assert follower.answer["Content-Type"] == "text/event-stream"
    assert follower.answer["Cache-Control"] == "no-store"
    assert follower.answer["X-Accel-Buffering"] == "no"
    assert "ETag" not in follower.answer
    assert next(follower.chunks) == b"retry: 2000\n\n"
    follower.close()


def test_each_action_comes_once_whole_and_in_order_while_it_is_written(
    user: User, execution: Execution
) -> None:
    follower = Follower(signed_in(user), execution)
    assert names(follower.next()) == [("status", "")]

    makers.log_row(execution, 1, **{**RUNNING, "stdout": "a"})
    makers.log_row(execution, 2, stdout="aside")
    changed(execution)
    first, behind = follower.next(2)
    # What ended behind one that runs is shown, and told in its turn.
    assert (first.name, first.data["seq"], first.data["stdout"]) == ("output", 1, "a")
    assert (behind.name, behind.data["seq"], behind.data["status"]) == ("output", 2, "SUCCESS")
    assert first.data["goesOn"] is False

    ExecutionLog.objects.filter(seq=1).update(stdout="abc", stderr="!")
    changed(execution, current_step=2)
    grown, moved = follower.next(2)
    said = {name: grown.data[name] for name in ("seq", "stdout", "stderr", "goesOn")}
    assert said == {"seq": 1, "stdout": "bc", "stderr": "!", "goesOn": True}
    assert (moved.name, moved.data["currentStep"], moved.data["progress"]) == ("status", 2, 50)

    ExecutionLog.objects.filter(seq=1).update(stdout="***", status=ActionStatus.SUCCESS)
    changed(execution)
    ended = follower.next(2)
    assert names(ended) == [("log", "1"), ("log", "2")]
    assert [event.data["stdout"] for event in ended] == ["***", "aside"]

    changed(execution, **ENDED)
    assert names(list(follower)) == [("status", ""), ("end", "2-end")]


def test_what_begins_anew_is_not_added_to_what_was_said(user: User, execution: Execution) -> None:
    makers.log_row(execution, 1, **{**RUNNING, "stdout": "old"})
    follower = Follower(signed_in(user), execution)
    follower.next(2)
    ExecutionLog.objects.update(stdout="new and longer")
    changed(execution)
    (event,) = follower.next()
    assert (event.data["stdout"], event.data["goesOn"]) == ("new and longer", False)
    follower.close()


def test_a_change_that_is_gone_on_with_is_told_once_it_has_ended(
    user: User, execution: Execution
) -> None:
    # Its worker was lost: another one asks the server how it ended. What only read is done again.
    unseen = {"status": ActionStatus.UNKNOWN, "exit_code": None}
    makers.log_row(execution, 1, **unseen)
    makers.log_row(execution, 2, changes=True, **unseen)
    follower = Follower(signed_in(user), execution)
    assert names(follower.next(3)) == [("log", "1"), ("output", ""), ("status", "")]

    ExecutionLog.objects.filter(seq=2).update(status=ActionStatus.SUCCESS, exit_code=0)
    changed(execution)
    (event,) = follower.next()
    assert (event.name, event.last_id, event.data["status"]) == ("log", "2", "SUCCESS")

    # Where it was begun from the start again, nobody will ever know.
    makers.log_row(execution, 3, changes=True, **unseen)
    changed(execution, begin_seq=3)
    assert names(follower.next()) == [("log", "3")]
    follower.close()


def test_what_nobody_saw_the_end_of_is_told_before_the_end(
    user: User, execution: Execution
) -> None:
    makers.log_row(execution, 1, changes=True, status=ActionStatus.UNKNOWN)
    changed(execution, **{**ENDED, "status": Status.UNKNOWN})
    events = list(Follower(signed_in(user), execution))
    assert names(events) == [("log", "1"), ("status", ""), ("end", "1-end")]


def test_a_rollback_is_followed_to_its_end(user: User) -> None:
    execution = makers.execution(
        status=Status.FAILED, rollback_status=Status.RUNNING, last_seq=1, revision=1
    )
    makers.log_row(execution, 1)
    follower = Follower(signed_in(user), execution, last_event_id="1-end")
    assert follower.next()[0].data["rollbackStatus"] == "RUNNING"
    makers.log_row(execution, 2)
    changed(execution, rollback_status=Status.SUCCESS, status=Status.ROLLED_BACK)
    assert names(list(follower)) == [("log", "2"), ("status", ""), ("end", "2-end")]


def test_a_long_log_is_told_whole_and_in_order(user: User) -> None:
    execution = makers.execution(status=Status.SUCCESS, last_seq=250)
    for seq in range(1, 251):
        makers.log_row(execution, seq)
    events = list(Follower(signed_in(user), execution))
    assert [event.last_id for event in events[:250]] == [str(seq) for seq in range(1, 251)]
    assert names(events[250:]) == [("status", ""), ("end", "250-end")]


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_client_that_comes_back_goes_on_where_it_was(user: User, how: str) -> None:
    execution = makers.execution(status=Status.SUCCESS, last_seq=3)
    for seq in (1, 2, 3):
        makers.log_row(execution, seq)
    client = signed_in(user)
    if how == "header":
        answer = client.get(path(execution), {"after": 1}, headers={"last-event-id": "2"})
    else:
        answer = client.get(path(execution), {"after": 2})
    told = b"".join(answer).decode()
    assert [line for line in told.splitlines() if line.startswith("id")] == ["id: 3", "id: 3-end"]


def test_a_client_that_has_seen_the_end_is_told_not_to_come_back(user: User) -> None:
    execution = makers.execution(status=Status.SUCCESS, last_seq=3)
    client = signed_in(user)
    seen = client.get(path(execution), headers={"last-event-id": "3-end"})
    assert (seen.status_code, seen.content) == (204, b"")
    # One that lost its connection just before the end is told of it.
    follower = Follower(client, execution, last_event_id="3")
    assert names(follower.next(2))[1] == ("end", "3-end")
    # One that is only forgotten gives its connection back later, in the middle of another test.
    follower.close()


@pytest.mark.parametrize("given", ["x", "-end", "1-", "1-ende", "-1", "9999999999", "٣"])
def test_an_id_that_is_none_of_ours_is_refused_as_json(
    user: User, execution: Execution, given: str
) -> None:
    headers = {"last-event-id": given, "accept": "text/event-stream"}
    answer = signed_in(user).get(path(execution), headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert list(answer.json()["details"]) == ["Last-Event-ID"]


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*", "application/json", ""])
def test_whatever_a_client_accepts_it_gets_events_and_its_errors_as_json(
    user: User, execution: Execution, accept: str
) -> None:
    headers = {"accept": accept}
    Follower(signed_in(user), execution, **headers).close()
    answer = Client().get(path(execution), headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/json")
    other = signed_in(makers.user("HR")).get(path(execution), headers=headers)
    assert (other.status_code, other.json()["code"]) == (404, "NOT_FOUND")


def test_head_opens_no_stream(user: User, execution: Execution) -> None:
    before = places.taken
    answer = signed_in(user).head(path(execution))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/event-stream")
    assert not answer.streaming
    # Streams that other tests left may be collected meanwhile.
    assert places.taken <= before


def test_nothing_is_said_while_nothing_is_new_but_that_it_lives(
    user: User, execution: Execution, settings: Any
) -> None:
    settings.LIVE_HEARTBEAT_SECONDS = 0.3
    follower = Follower(signed_in(user), execution)
    follower.next()
    said = set()
    for chunk in islice(follower.chunks, 1000):
        said.add(chunk)
        if len(said) > 1:
            break
    assert said == {b"", b":\n\n"}
    follower.close()


def test_a_look_that_finds_nothing_new_is_one_query(
    user: User, execution: Execution, django_assert_num_queries: Any
) -> None:
    follower = Follower(signed_in(user), execution)
    follower.next()
    next(follower.chunks)
    with django_assert_num_queries(5):
        list(islice(follower.chunks, 5))
    follower.close()


def test_a_stream_ends_after_its_time_so_that_its_client_comes_back(
    user: User, execution: Execution, settings: Any
) -> None:
    settings.LIVE_STREAM_SECONDS = 0.3
    assert names(list(Follower(signed_in(user), execution))) == [("status", "")]
    assert places.taken == 0


def with_token(user: User) -> Client:
    asked = {"username": user.username, "password": PASSWORD}
    tokens = Client().post("/api/v1/auth/token", asked, "application/json").json()
    return Client(headers={"authorization": f"Bearer {tokens['access']}"})


@pytest.mark.parametrize("what", ["login", "role", "session", "execution"])
def test_a_stream_ends_soon_when_its_client_may_not_see_it_any_more(
    user: User, execution: Execution, settings: Any, what: str
) -> None:
    settings.LIVE_ASK_AGAIN_SECONDS = 0
    follower = Follower(signed_in(user) if what == "session" else with_token(user), execution)
    follower.next()

    match what:
        case "login":
            user.api_logins.update(ended_at="2026-01-01T00:00:00Z")
        case "role":
            user.groups.remove(Group.objects.get(name="HELPDESK"))
        case "session":
            BrowserSession.objects.all().delete()
        case "execution":
            Execution.objects.filter(pk=execution.pk).delete()
    changed(execution, current_step=1)

    assert list(follower) == []
    assert places.taken == 0


def test_a_client_that_hangs_up_gives_its_place_back(user: User, execution: Execution) -> None:
    begun, never_read = (Follower(signed_in(user), execution) for _ in range(2))
    begun.next()
    assert places.taken == 2
    begun.close()
    never_read.close()
    begun.close()
    assert places.taken == 0


def test_an_answer_that_is_dropped_gives_its_place_back(user: User, execution: Execution) -> None:
    follower = Follower(signed_in(user), execution)
    follower.next()
    assert places.taken == 1
    del follower
    gc.collect()
    assert places.taken == 0


def test_no_more_streams_are_open_than_there_are_places(
    user: User, execution: Execution, settings: Any
) -> None:
    settings.LIVE_PLACES = 3
    client, other = signed_in(user), signed_in(makers.user("NOC"))
    open_ones = [Follower(client, execution), Follower(client, execution)]
    # One user alone can't take them all.
    refused = client.get(path(execution), headers={"accept": "text/event-stream"})
    assert (refused.status_code, refused.json()["code"]) == (503, "BUSY")
    assert "You have as many" in refused.json()["message"]
    open_ones.append(Follower(other, execution))
    refused = other.get(path(execution))
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert refused["Content-Type"] == "application/json"
    assert refused.json() == {
        "error": "ServiceUnavailable",
        "message": "As many streams and long polls are open as this process can hold. Ask for "
        "…/logs from time to time instead, or again in 5 s.",
        "code": "BUSY",
        "details": {"retryAfterSeconds": 5},
    }
    open_ones[0].close()
    open_ones[0] = Follower(other, execution)
    for follower in open_ones:
        follower.close()
    assert places.taken == 0


def test_open_streams_hold_no_connection_while_they_sleep(
    user: User, execution: Execution, settings: Any, aside: Any
) -> None:
    settings.LIVE_LOOK_SECONDS = 5  # long enough to be seen asleep
    makers.log_row(execution, 1)
    followers = [Follower(signed_in(user), execution) for _ in range(4)]
    told: SimpleQueue[Event] = SimpleQueue()

    def read(follower: Follower) -> None:
        for one in follower:
            told.put(one)

    # Each in a thread of its own, as in a web process.
    reading = [aside(read, follower) for follower in followers]
    # Row and status; after that there is nothing to say.
    assert len([told.get(timeout=60) for _ in range(8)]) == 8
    eventually(lambda: backends() == 1)
    assert (places.taken, [one.done() for one in reading]) == (4, [False] * 4)

    changed(execution, **ENDED)
    for one in reading:
        one.result(60)
    assert told.qsize() == 8


def test_a_stream_ends_when_the_database_does_not_answer(
    user: User, execution: Execution, settings: Any
) -> None:
    follower = Follower(signed_in(user), execution)
    follower.next()
    with outage():
        assert list(follower) == []
    assert places.taken == 0
