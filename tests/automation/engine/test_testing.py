import pytest

from automation.engine import Run, Runbook
from automation.engine.errors import ConnectionFailed, ParametersInvalid
from automation.engine.results import ErrorCode, Status
from automation.engine.testing import UnexpectedCommand, rehearse, reply
from tests.automation.engine.samples import RestartSample, with_steps


def reads(*commands: tuple[str, ...]) -> type[Runbook]:
    def go(_runbook: Runbook, run: Run) -> None:
        run.result["said"] = [run.read(*words).stdout for words in commands]

    return with_steps(go)


def test_the_longest_matching_words_answer() -> None:
    kind = reads(("ls", "-l", "/a b"), ("ls", "-l"), ("ls", "x"))
    replies = {"ls": reply("any"), "ls -l": reply("long"), "ls -l '/a b'": reply("exact")}
    assert rehearse(kind, {}, replies).outcome.result["said"] == ["exact", "long", "any"]


def test_a_list_answers_one_by_one_and_its_last_for_ever() -> None:
    kind = reads(("x",), ("x",), ("x",))
    replies = {"x": [reply("1"), lambda command: reply(command.words[0])]}
    assert rehearse(kind, {}, replies).outcome.result["said"] == ["1", "x", "x"]


def test_an_error_is_raised() -> None:
    outcome = rehearse(reads(("x",)), {}, {"x": ConnectionFailed("No route.")}).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.CONNECTION)


def test_a_command_without_reply_fails_the_rehearsal_and_is_named() -> None:
    with pytest.raises(UnexpectedCommand, match=r"No reply for: stat -c '/a b' \(replies: 'ls'\)"):
        rehearse(reads(("stat", "-c", "/a b")), {}, {"ls": reply()})
    with pytest.raises(UnexpectedCommand, match=r"\(replies: none\)"):
        rehearse(reads(("stat",)), {}, {})


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(ParametersInvalid):
        rehearse(RestartSample, {}, {})


def test_a_dry_run_tells_what_was_planned() -> None:
    replies = {"systemctl": reply("active")}
    rehearsal = rehearse(RestartSample, {"serviceName": "a"}, replies, is_dry_run=True)
    assert rehearsal.planned == ["systemctl restart a.service"]
