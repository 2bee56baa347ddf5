"""Going on with an execution whose log was masked: commands are recognised, secrets not made up."""

from dataclasses import replace

from automation.engine.executor import Executor
from automation.engine.results import ErrorCode, Status
from automation.engine.testing import reply
from tests.automation.engine.samples import World
from tests.automation.engine.test_replay import REPLIES, Mend, cut_after, gone_on_with, whole


def stars(text: str) -> str:
    return text.replace("7", "***")


def test_a_masked_command_is_recognised_by_what_the_log_shows_of_it() -> None:
    ended = whole()
    past = [
        replace(row, action=replace(row.action, text=stars(row.action.text))) for row in ended[:-1]
    ]
    assert any("***" in row.action.text for row in past)
    world = World({"look": [reply("good")]})
    executor = Executor(
        transport=world.transport, journal=world.journal, stop=world.stop, shown=stars
    )
    outcome = executor.execute(Mend(), past=past, seq_after=len(past))
    assert outcome.status is Status.SUCCESS
    assert not any("first" in text for text in world.sent)


def test_a_step_is_never_told_what_was_masked_for_the_log() -> None:
    past = [
        replace(row, stdout="***", is_masked=True) if row.action.text == "measure" else row
        for row in cut_after(5)
    ]
    world, outcome = gone_on_with(past, {})
    assert outcome.status is Status.UNKNOWN
    assert outcome.error_code is ErrorCode.WORKER_LOST
    assert "`measure` said without the secrets" in outcome.error_message
    assert world.sent == []


def test_masked_output_of_what_nobody_saw_the_end_of_is_asked_for_anew() -> None:
    *ended, last = cut_after(5)
    assert last.action.changes
    _, outcome = gone_on_with(
        [*ended, replace(last, is_masked=True)], {**REPLIES, "look": reply("good")}
    )
    assert outcome.status is Status.SUCCESS
