import pytest

from automation.engine import Run, Runbook, step
from automation.engine.errors import WebUnreachable
from automation.engine.registry import Registry
from automation.engine.results import ErrorCode, Status
from automation.engine.testing import (
    UnexpectedCommand,
    http_reply,
    rehearse,
    rehearse_rollback,
)
from tests.automation.engine.samples import with_steps

URL = "https://api.example.com"


def reads(*urls: str) -> type[Runbook]:
    def go(_runbook: Runbook, run: Run) -> None:
        run.result["said"] = [run.http("GET", url).text for url in urls]

    return with_steps(go)


def test_the_longest_beginning_of_the_url_answers() -> None:
    kind = reads(f"{URL}/a/b?c=1", f"{URL}/a/c", f"{URL}/ab")
    http = {
        f"GET {URL}/": http_reply(text="any"),
        f"GET {URL}/a": http_reply(text="a"),
        f"GET {URL}/a/b": http_reply(text="b"),
        f"POST {URL}/a/b?c=1": http_reply(text="other"),
    }
    assert rehearse(kind, {}, {}, http=http).outcome.result["said"] == ["b", "a", "any"]


def test_a_list_answers_one_by_one_and_its_last_for_ever() -> None:
    replies = [http_reply(text="1"), lambda request: http_reply(text=request.method)]
    outcome = rehearse(reads(URL, URL, URL), {}, {}, http={f"GET {URL}": replies}).outcome
    assert outcome.result["said"] == ["1", "GET", "GET"]


def test_an_error_is_raised() -> None:
    http = {f"GET {URL}": WebUnreachable("No route.")}
    outcome = rehearse(reads(URL), {}, {}, http=http).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.CONNECTION)


def test_a_reply_is_made_of_text_or_of_json() -> None:
    assert http_reply(404, "no", headers={"X-A": "1"}).headers["x-a"] == "1"
    answer = http_reply(json={"id": 7}, headers={"X-A": "1"})
    assert (answer.status, answer.json()) == (200, {"id": 7})
    assert dict(answer.headers) == {"content-type": "application/json", "x-a": "1"}
    assert http_reply(json=None).text == "null"


def test_a_call_without_reply_fails_the_rehearsal_and_is_named() -> None:
    http = {f"GET {URL}/a": http_reply()}
    with pytest.raises(UnexpectedCommand) as failure:
        rehearse(reads(f"{URL}/ab?token=x"), {}, {}, http=http)
    assert str(failure.value) == (f"No reply for: GET {URL}/ab?token=*** (replies: 'GET {URL}/a')")
    with pytest.raises(UnexpectedCommand, match=r"\(replies: none\)"):
        rehearse(reads(URL), {}, {})


class Announce(Runbook, registry=Registry()):
    """Announce something."""

    id = "ANNOUNCE"
    title = "Announce"

    @step("Announce it")
    def announce(self, run: Run) -> None:
        run.data["id"] = run.http("POST", URL).json()["id"]

    @announce.undo
    def withdraw(self, run: Run) -> None:
        run.http("DELETE", f"{URL}/{run.data['id']}")


def test_a_rollback_is_rehearsed_with_its_calls() -> None:
    done = rehearse(Announce, {}, {}, http={f"POST {URL}": http_reply(201, json={"id": 7})}).outcome
    rehearsal = rehearse_rollback(
        Announce,
        {},
        {},
        data=done.data,
        steps_done=done.steps_done,
        http={f"DELETE {URL}/7": http_reply(204)},
    )
    assert rehearsal.outcome.status is Status.ROLLED_BACK
    assert [request.text for request in rehearsal.requests] == [f"DELETE {URL}/7"]
