from enum import StrEnum

import pytest
from pydantic import SecretStr

from automation.engine import AbsolutePath, Param, Port, Run, Runbook, SystemdUnit, Url, step
from automation.engine.descriptions import ParamDescription, describe, json_schema
from automation.engine.registry import Registry


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Described(Runbook, registry=Registry()):
    """Has a parameter of each sort."""

    id = "DESCRIBED"
    title = "Described"
    changes = False

    service_name: SystemdUnit = Param(help="A unit", labels=("unit", "service"), suggests="units")
    wait: int = Param(2, ge=0, le=60, unit="s", title="Time to wait", help="A number")
    share: float | None = Param(None, gt=0, lt=1, help="A share")
    force: bool = Param(False, help="Whether")
    colour: Colour = Param(Colour.RED, help="A colour")
    colours: tuple[Colour, ...] = Param((), help="Colours")
    ports: tuple[Port, ...] = Param((80,), max_length=3, help="Ports")
    lines: tuple[str, ...] = Param((), help="Lines")
    path: AbsolutePath = Param("/tmp", help="A path")
    url: Url | None = Param(None, help="An address")
    script: str = Param("", multiline=True, max_length=99, pattern="x*", help="Lines")
    password: SecretStr = Param(SecretStr("never told"), secret=True, help="A secret")
    table: dict[str, int] = Param({}, help="A table")

    @step("Nothing")
    def nothing(self, run: Run) -> None: ...


@pytest.fixture
def described() -> dict[str, ParamDescription]:
    return {parameter.name: parameter for parameter in describe(Described)}


def test_parameters_come_in_the_order_of_declaration_by_wire_names(
    described: dict[str, ParamDescription],
) -> None:
    assert list(described)[:2] == ["serviceName", "wait"]
    assert described["serviceName"].python_name == "service_name"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("serviceName", "systemd unit"),
        ("wait", "whole number"),
        ("share", "number"),
        ("force", "yes or no"),
        ("colour", "one of red, blue"),
        ("colours", "list of one of red, blue"),
        ("ports", "list of whole numbers"),
        ("lines", "list of text"),
        ("path", "absolute path"),
        ("url", "web address"),
        ("script", "text"),
        ("password", "secret text"),
        ("table", "value"),
    ],
)
def test_types_are_told_in_plain_words(
    described: dict[str, ParamDescription], name: str, kind: str
) -> None:
    assert described[name].type == kind


def test_a_required_parameter_has_no_default(described: dict[str, ParamDescription]) -> None:
    unit = described["serviceName"]
    assert unit.required
    assert unit.default is None
    assert unit.labels == ("unit", "service")
    assert unit.title == "Service name"


def test_what_a_server_may_suggest_is_told_to_forms_and_to_clients(
    described: dict[str, ParamDescription],
) -> None:
    assert (described["serviceName"].suggests, described["wait"].suggests) == ("units", "")
    assert json_schema(Described)["properties"]["serviceName"]["x-suggests"] == "units"


def test_unit_title_help_default_and_bounds_are_told(
    described: dict[str, ParamDescription],
) -> None:
    wait = described["wait"]
    assert (wait.title, wait.help, wait.unit, wait.default) == ("Time to wait", "A number", "s", 2)
    assert wait.constraints == {"minimum": 0, "maximum": 60}
    assert described["share"].constraints == {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
    assert described["ports"].constraints == {"maxItems": 3}
    assert described["ports"].default == [80]
    assert described["script"].constraints == {"maxLength": 99, "pattern": "x*"}
    assert described["script"].multiline


def test_choices_are_told_and_no_reference_is_left(
    described: dict[str, ParamDescription],
) -> None:
    assert described["colour"].choices == ("red", "blue")
    assert described["colour"].default == "red"
    assert "$ref" not in repr([parameter.json_schema for parameter in described.values()])


def test_a_secret_s_default_is_not_told(described: dict[str, ParamDescription]) -> None:
    assert described["password"].secret
    assert described["password"].default is None
    assert "never told" not in repr(described)


def test_the_schema_of_the_whole_refuses_what_it_does_not_know() -> None:
    schema = json_schema(Described)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["serviceName"]
    assert "never told" not in repr(schema)
