import pytest

from automation.engine.errors import RunbookInvalid, UnknownRunbook
from automation.engine.registry import Registry
from tests.automation.engine.samples import RestartSample, with_steps


def nothing(_runbook: object, _run: object) -> None: ...


@pytest.fixture
def registry() -> Registry:
    registry = Registry()
    registry.add(RestartSample)
    return registry


def test_runbooks_are_found_by_id_and_come_in_order(registry: Registry) -> None:
    registry.add(with_steps(nothing, id="A_FIRST"))
    assert [runbook.id for runbook in registry] == ["A_FIRST", "RESTART_SAMPLE"]
    assert len(registry) == 2
    assert "A_FIRST" in registry
    assert "OTHER" not in registry


def test_an_unknown_id_gets_a_hint(registry: Registry) -> None:
    with pytest.raises(UnknownRunbook, match=r"Did you mean RESTART_SAMPLE\?$"):
        registry.get("restart-sample")
    with pytest.raises(UnknownRunbook, match=r"^There is no runbook XYZ\.$"):
        registry.get("XYZ")


def test_two_classes_may_not_have_one_id(registry: Registry) -> None:
    with pytest.raises(RunbookInvalid, match="both have the id RESTART_SAMPLE"):
        registry.add(with_steps(nothing, id="RESTART_SAMPLE"))


def test_the_same_class_imported_again_replaces_itself(registry: Registry) -> None:
    first = with_steps(nothing, id="AGAIN")
    second = with_steps(nothing, id="AGAIN")
    registry.add(first)
    registry.add(second)
    assert registry.get("AGAIN") is second
