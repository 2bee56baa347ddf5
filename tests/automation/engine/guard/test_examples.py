"""The guard refuses each destructive command and lets each look-alike pass."""

import pytest

from automation.engine.guard import Severity, weigh
from automation.engine.guard.guard import weigh_text
from tests.automation.engine.guard.corpus import ALLOWED, BLOCKED


def test_there_are_enough_examples_to_show_something() -> None:
    assert len(set(BLOCKED)) >= 300
    assert len(set(ALLOWED)) >= 300


@pytest.mark.parametrize("text", BLOCKED)
def test_a_destructive_command_is_refused_with_its_reason(text: str) -> None:
    decision = weigh(text)
    assert not decision.allowed
    assert decision.rule != "GUARD_FAILED"
    assert decision.severity in Severity
    assert decision.explanation.endswith((".", ")", "]"))


@pytest.mark.parametrize("text", ALLOWED)
def test_a_look_alike_passes(text: str) -> None:
    decision = weigh(text)
    assert decision.allowed, decision


def test_a_command_is_weighed_once() -> None:
    weigh_text.cache_clear()
    weigh("rm -rf /etc")
    weigh("rm -rf /etc")
    assert weigh_text.cache_info().hits == 1
