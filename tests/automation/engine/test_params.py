from enum import StrEnum
from typing import Any, Literal, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, model_validator

from automation.engine import Param, Run, Runbook, SystemdUnit, step
from automation.engine.errors import ParametersInvalid
from automation.engine.params import dump, parse, secret_names, secrets
from automation.engine.registry import Registry


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Everything(Runbook, registry=Registry()):
    """Has a parameter of each sort."""

    id = "EVERYTHING"
    title = "Everything"
    changes = False

    service_name: SystemdUnit = Param(help="A unit")
    count: int = Param(2, ge=0, le=60, unit="s", help="A number")
    more: int | None = Param(None, gt=1, lt=9, help="Another")
    share: float = Param(0.5, help="A share")
    force: bool = Param(False, help="Whether")
    colour: Colour = Param(Colour.RED, help="A colour")
    size: Literal["S", "L"] = Param("S", help="A size")
    units: tuple[SystemdUnit, ...] = Param((), max_length=2, help="Units")
    text: str = Param("", max_length=5, pattern="^[a-z ]*$", help="A line")
    script: str = Param("", multiline=True, help="Lines")
    password: SecretStr | None = Param(None, secret=True, min_length=4, help="A secret")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.force and not self.count:
            raise ValueError("Without a count there is nothing to force.")
        return self

    @step("Nothing")
    def nothing(self, run: Run) -> None: ...


class Needing(Runbook, registry=Registry()):
    """Needs a secret."""

    id = "NEEDING"
    title = "Needing"
    changes = False

    password: SecretStr = Param(secret=True, min_length=4, help="A secret")
    second_one: SecretStr = Param(SecretStr(""), secret=True, help="Another")
    count: int = Param(1, help="A number")

    @step("Nothing")
    def nothing(self, run: Run) -> None: ...


def details(**raw: Any) -> dict[str, list[str]]:
    with pytest.raises(ParametersInvalid) as refusal:
        parse(Everything, {"serviceName": "nginx", **raw})
    return refusal.value.details


def test_both_names_of_a_parameter_are_accepted() -> None:
    assert parse(Everything, {"serviceName": "a"}).service_name == "a.service"
    assert parse(Everything, {"service_name": "a"}).service_name == "a.service"


def test_both_names_at_once_are_refused() -> None:
    assert details(service_name="b") == {"serviceName": ["Is given twice, also as service_name."]}


def test_a_form_s_text_is_read_as_what_it_spells() -> None:
    found = parse(
        Everything,
        {"serviceName": " nginx ", "count": "7", "share": "0.25", "force": "on", "text": " a "},
    )
    assert (found.service_name, found.count, found.share) == ("nginx.service", 7, 0.25)
    assert found.force is True
    assert found.text == "a"


@pytest.mark.parametrize(
    ("raw", "name", "sentence"),
    [
        ({"count": True}, "count", "Yes and no are not a value of this parameter."),
        ({"share": False}, "share", "Yes and no are not a value of this parameter."),
        ({"units": [True]}, "units", "Yes and no are not a value of this parameter."),
        ({"count": 1.5}, "count", "Must be a whole number."),
        ({"count": "x"}, "count", "Must be a whole number."),
        ({"count": None}, "count", "Must be a whole number."),
        ({"count": 61}, "count", "Must be at most 60 s."),
        ({"count": -1}, "count", "Must be at least 0 s."),
        ({"more": 1}, "more", "Must be more than 1."),
        ({"more": 9}, "more", "Must be less than 9."),
        ({"share": "nan"}, "share", "Must be a finite number."),
        ({"share": []}, "share", "Must be a number."),
        ({"force": "perhaps"}, "force", "Must be yes or no."),
        ({"colour": "green"}, "colour", "Must be one of 'red' or 'blue'."),
        ({"size": "M"}, "size", "Must be one of 'S' or 'L'."),
        ({"units": "a"}, "units", "Must be a list."),
        ({"units": ["a", "b", "c"]}, "units", "Must have at most 2 items."),
        ({"text": 5}, "text", "Must be text."),
        ({"text": "abcdef"}, "text", "Must have at most 5 characters."),
        ({"text": "A"}, "text", "Must match the pattern ^[a-z ]*$"),
        ({"text": "a\nb"}, "text", "Must be a single line."),
        ({"text": "x" * 5000}, "text", "Must have at most 4,096 characters."),
        ({"script": "a\0b"}, "script", "Holds a character that is not text."),
        ({"script": "a\ud800"}, "script", "Holds a character that is not text."),
        ({"password": "abc"}, "password", "Must have at least 4 characters."),
        ({"force": True, "count": 0}, "parameters", "Without a count there is nothing to force."),
        ({"other": 1}, "other", "The runbook has no such parameter."),
    ],
)  # fmt: skip
def test_each_wrong_value_gets_its_own_sentence(
    raw: dict[str, Any], name: str, sentence: str
) -> None:
    assert details(**raw) == {name: [sentence]}


def test_a_wrong_item_of_a_list_is_named() -> None:
    assert details(units=["a", "b c"])["units"][0].startswith("Item 2: “b c” is not the name")


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ParametersInvalid, match=r"^serviceName: Is required\.$"):
        parse(Everything, {})


def test_the_message_tells_all_problems_and_what_concerns_no_single_parameter() -> None:
    with pytest.raises(ParametersInvalid, match=r"^2 problems: serviceName: Is required\. x: "):
        parse(Everything, {"x": 1})
    with pytest.raises(ParametersInvalid, match=r"^Without a count"):
        parse(Everything, {"serviceName": "a", "force": True, "count": 0})


def test_an_error_that_has_no_sentence_of_ours_keeps_pydantic_s() -> None:
    assert details(password=5) == {"password": ["Must be text."]}
    (sentence,) = details(units=[b"\xff"])["units"]
    assert sentence.startswith("Item 1: Input should be a valid string, unable to parse raw data")
    assert sentence.endswith(".")


def test_several_lines_are_kept_where_they_are_allowed() -> None:
    assert parse(Everything, {"serviceName": "a", "script": " a\nb\n"}).script == " a\nb\n"


def test_dump_and_secrets_together_give_the_same_runbook_again() -> None:
    runbook = parse(Everything, {"serviceName": "a", "password": "hunter2", "units": ["b"]})
    assert dump(runbook) == {
        "serviceName": "a.service", "count": 2, "more": None, "share": 0.5, "force": False,
        "colour": "red", "size": "S", "units": ["b.service"], "text": "", "script": "",
    }  # fmt: skip
    assert secrets(runbook) == {"password": "hunter2"}
    assert parse(Everything, {**dump(runbook), **secrets(runbook)}) == runbook


def test_a_secret_that_is_not_given_is_not_among_the_secrets() -> None:
    assert secrets(parse(Everything, {"serviceName": "a"})) == {}


def test_a_secret_that_was_given_before_is_not_needed_again() -> None:
    runbook = parse(Needing, {}, kept=["password"])
    assert runbook.password == SecretStr("")
    given = parse(Needing, {"password": "hunter2"}, kept=["password"])
    assert secrets(given)["password"] == "hunter2"


@pytest.mark.parametrize("kept", [[], ["count"], ["serviceName"], ["nothing"]])
def test_only_a_secret_can_have_been_kept(kept: list[str]) -> None:
    with pytest.raises(ParametersInvalid, match="password"):
        parse(Needing, {}, kept=kept)


def test_the_names_of_secrets_are_known_as_python_and_as_clients_write_them() -> None:
    assert secret_names(Needing) == {"password": "password", "secondOne": "second_one"}


def test_a_secret_shows_in_no_repr_dump_or_error() -> None:
    runbook = parse(Everything, {"serviceName": "a", "password": "hunter2"})
    assert "hunter2" not in f"{runbook!r} {runbook} {dump(runbook)}"
    with pytest.raises(ParametersInvalid) as refusal:
        parse(Everything, {"password": "abc", "count": "hunter2"})
    assert "abc" not in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@given(st.text())
def test_a_parameter_is_one_line_of_text_or_refused(value: str) -> None:
    try:
        text = parse(Everything, {"serviceName": value}).service_name
    except ParametersInvalid:
        return
    assert text.isascii()
    assert not set(text) & set(" ;&|$`'\"\\/<>()\n")
    assert not text.startswith("-")
