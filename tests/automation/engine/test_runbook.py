from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from automation.engine import Category, Param, Platform, Run, Runbook, step
from automation.engine.errors import RunbookInvalid
from automation.engine.registry import Registry
from tests.automation.engine.samples import SAMPLES, RestartSample, with_steps


def nothing(_runbook: Runbook, _run: Run) -> None: ...


def test_a_runbook_is_registered_by_being_defined() -> None:
    assert SAMPLES.get("RESTART_SAMPLE") is RestartSample


def test_the_docstring_gives_summary_and_description() -> None:
    assert RestartSample.summary() == "Restart one systemd unit."
    assert RestartSample.description() == "Use it in tests."


def test_a_runbook_has_safe_defaults() -> None:
    assert RestartSample.platforms == (Platform.LINUX,)
    assert (RestartSample.changes, RestartSample.idempotent, RestartSample.dangerous) == (
        True,
        False,
        False,
    )
    assert RestartSample.default_timeout == 300
    assert RestartSample.default_max_retries == 3
    assert RestartSample.default_cooldown_minutes == 10


def test_kinds_have_labels_for_people() -> None:
    assert Category.INCIDENT_RESPONSE.label == "Incident response"
    assert Platform.LINUX.label == "Linux"


def test_an_instance_is_frozen() -> None:
    runbook = RestartSample(service_name="nginx")
    with pytest.raises(ValidationError):
        runbook.service_name = "other"  # type: ignore[misc]


def test_a_runbook_that_does_not_say_so_assesses_nothing() -> None:
    runbook = with_steps(nothing)()
    assert runbook.assess(None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ({"id": ""}, "Its id '' must be capital letters"),
        ({"id": "lower"}, "Its id 'lower' must be"),
        ({"id": "X" * 101}, "must be capital letters"),
        ({"title": " "}, "It needs a title"),
        ({"__doc__": None}, "It needs a docstring"),
        ({"platforms": ()}, "at least one platform"),
        ({"irreversible": "", "changes": True}, "it needs an undo"),
    ],
)
def test_a_wrong_declaration_fails_at_import(declared: dict[str, Any], complaint: str) -> None:
    with pytest.raises(RunbookInvalid, match=complaint):
        with_steps(nothing, **declared)


def test_a_runbook_without_steps_fails_at_import() -> None:
    with pytest.raises(RunbookInvalid, match="It needs a step"):
        with_steps()


def test_a_step_without_title_fails_at_import() -> None:
    with pytest.raises(RunbookInvalid, match="Its step nothing needs a title"):
        with_steps(untitled=step(" ")(nothing))


@pytest.mark.parametrize(
    ("annotation", "default", "complaint"),
    [
        (int, 5, "must be declared with Param"),
        (int, Param(5, help=" "), "must be declared with Param"),
        (str, Param("", help="x", secret=True), "both secret=True and the type SecretStr"),
        (SecretStr, Param(help="x"), "both secret=True and the type SecretStr"),
        (int, Param(5, le=3, help="x"), "The default of value is wrong"),
        (str, Param("", help="x", suggests="colours"), "units, file-systems, processes, and not"),
    ],
)
def test_a_wrongly_declared_parameter_fails_at_import(
    annotation: object, default: object, complaint: str
) -> None:
    with pytest.raises(RunbookInvalid, match=complaint):
        with_steps(nothing, __annotations__={"value": annotation}, value=default)


@pytest.mark.filterwarnings("ignore:Field name")
@pytest.mark.parametrize("name", ["title", "assess", "schema", "steps"])
def test_a_parameter_may_not_hide_what_every_runbook_has(name: str) -> None:
    with pytest.raises(RunbookInvalid, match=f"Its parameter {name} hides"):
        with_steps(nothing, __annotations__={name: str}, **{name: Param("A", help="x")})


def test_all_complaints_come_at_once() -> None:
    with pytest.raises(RunbookInvalid) as refusal:
        with_steps(id="x", title="")
    message = str(refusal.value)
    assert all(words in message for words in ("Its id", "a title", "a step"))


def test_an_abstract_base_is_neither_checked_nor_registered() -> None:
    registry = Registry()

    class Base(Runbook, abstract=True, registry=registry):
        speed: int = Param(1, help="Speed")

        @step("First")
        def first(self, run: Run) -> None: ...

    class Concrete(Base, registry=registry):
        """Has its base's parameter and step."""

        id = "CONCRETE"
        title = "Concrete"
        changes = False

        @step("Second")
        def second(self, run: Run) -> None: ...

    assert [found.id for found in registry] == ["CONCRETE"]
    assert [found.title for found in Concrete.steps] == ["First", "Second"]
    assert Concrete(speed=3).speed == 3


def test_a_redefined_step_keeps_its_place_and_a_replaced_undo_is_used() -> None:
    class Child(RestartSample, registry=Registry()):
        """Remembers otherwise."""

        id = "CHILD"

        @step("Remember better")
        def remember(self, run: Run) -> None: ...

        def bring_back(self, run: Run) -> None:
            run.note("The child's undo")

    assert [found.title for found in Child.steps] == ["Remember better", "Restart", "Verify"]
    said: list[str] = []

    class Noted:
        def note(self, text: str) -> None:
            said.append(text)

    Child.steps[1].take_back(Child(service_name="a"), Noted())  # type: ignore[arg-type]
    assert said == ["The child's undo"]


def test_a_step_replaced_by_a_plain_method_is_refused() -> None:
    with pytest.raises(RunbookInvalid, match='mark it with @step\\("Remember"\\)'):

        class Child(RestartSample, registry=Registry()):
            """Forgets the decorator."""

            id = "CHILD"

            def remember(self, run: Run) -> None: ...


def test_a_step_has_one_undo() -> None:
    undo: Callable[[Any], Any] = RestartSample.restart.undo
    with pytest.raises(RunbookInvalid, match="has two undos"):
        undo(nothing)


def test_a_step_is_a_plain_method_of_the_instance() -> None:
    said: list[str] = []

    def speak(_runbook: Runbook, run: Run) -> None:
        said.append(str(run))

    kind = with_steps(speak)
    kind().speak("hello")  # type: ignore[attr-defined]
    assert said == ["hello"]


def test_a_step_without_undo_takes_back_nothing() -> None:
    with_steps(nothing).steps[0].take_back(None, None)  # type: ignore[arg-type]
