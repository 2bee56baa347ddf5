"""The input of a parameter knows what the runbook's declaration says."""

from typing import Any, Literal

import pytest
from pydantic import SecretStr

from automation.engine import AbsolutePath, Param, Run, Runbook, Url, step
from automation.engine.descriptions import describe
from automation.engine.registry import Registry
from automation.web.parameter_fields import field_of


class Typed(Runbook, registry=Registry()):
    """Has a parameter of each input."""

    id = "TYPED"
    title = "Typed"
    changes = False

    count: int = Param(3, ge=1, le=5, unit="times", help="A number")
    pid: int | None = Param(None, ge=1, help="A number or none")
    share: float = Param(0.5, help="A share")
    path: AbsolutePath = Param("/tmp", help="A path", suggests="file-systems")
    paths: tuple[AbsolutePath, ...] = Param(("/a", "/b"), help="Paths", suggests="file-systems")
    url: Url | None = Param(None, help="An address")
    code: str = Param(help="A code", pattern=r"^[a-z]{2}\d+$", min_length=3, max_length=9)
    free: str = Param("x", help="Half a pattern", pattern="x")
    odd: str = Param("", help="Means something else to browsers", pattern=r"^[a-z-]*$")
    manner: Literal["soft", "hard"] = Param("soft", help="How")
    loud: bool = Param(True, help="Whether")
    token: SecretStr = Param(SecretStr("never told"), secret=True, help="A secret")

    @step("Nothing")
    def nothing(self, run: Run) -> None: ...


@pytest.fixture
def attributes() -> dict[str, dict[str, Any]]:
    return {each.name: field_of(each).widget.attrs for each in describe(Typed)}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("count", {"min": 1, "max": 5, "inputmode": "numeric", "data-unit": "times"}),
        ("pid", {"min": 1, "inputmode": "numeric", "data-default": ""}),
        ("share", {"inputmode": "decimal", "step": "any", "data-default": "0.5"}),
        ("path", {"maxlength": 4095, "list": "suggested-file-systems", "data-default": "/tmp"}),
        ("paths", {"data-suggests": "suggested-file-systems", "data-default": "/a\n/b"}),
        ("url", {"inputmode": "url"}),
        ("code", {"pattern": r"[a-z]{2}\d+", "minlength": 3, "maxlength": 9}),
        ("manner", {"data-parameter": "Manner", "data-default": "soft"}),
        ("loud", {"data-default": "yes"}),
        ("token", {"data-secret": "", "data-default": ""}),
    ],
)
def test_limits_keyboard_and_default_are_with_the_input(
    attributes: dict[str, dict[str, Any]], name: str, known: dict[str, Any]
) -> None:
    assert known.items() <= attributes[name].items()


@pytest.mark.parametrize("name", ["free", "odd"])
def test_a_pattern_that_browsers_read_otherwise_is_left_to_the_server(
    attributes: dict[str, dict[str, Any]], name: str
) -> None:
    assert "pattern" not in attributes[name]


def test_a_secret_is_nowhere_in_the_input() -> None:
    fields = {each.name: field_of(each) for each in describe(Typed)}
    assert "never told" not in fields["token"].widget.render("token", "never told")
