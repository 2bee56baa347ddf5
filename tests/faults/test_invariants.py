"""Each invariant notices what it is there for: else a drill would show nothing."""

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.facts import Facts
from tests.faults.fleet import Line
from tests.faults.invariants import INVARIANTS
from tests.faults.launches import Launch

COMMAND = "/bin/sh -c work"


def launch(key: str, *, code: int = 0, runbook: str = "FAULTS_CHANGE") -> Launch:
    return Launch(key=key, runbook=runbook, server=0, parameters={"code": code}, priority="NORMAL")


def line(key: str, step: str, code: int | None = None, *, action: str = "") -> Line:
    return Line(key=key, action=action or f"{key}-{step}", step=step, code=code)


def whole(key: str, *, code: int = 0) -> list[Line]:
    return [
        *(line(key, "first"), line(key, "first", 0)),
        *(line(key, "second"), line(key, "second", code)),
    ]


def row(key: str, status: str = "SUCCESS", **fields: Any) -> dict[str, Any]:
    plain = {"error_code": "", "error_message": "", "attempt": 1, "max_retries": 3}
    return {"id": f"id-{key}", "key": key, "status": status, **plain, **fields}


def actions(key: str, *, code: int | None = 0) -> list[dict[str, Any]]:
    return [
        {
            "action": f"{key}-{step}",
            "seq": seq,
            "changes": True,
            "exit_code": 0 if step == "first" else code,
            "command": COMMAND,
        }
        for seq, step in enumerate(("first", "second"), start=1)
    ]


def facts(**changes: Any) -> Facts:
    good = Facts(
        launches=[launch("a"), launch("b", code=3)],
        promised={"a": "id-a", "b": "id-b"},
        failed_requests=[],
        executions={"a": [row("a")], "b": [row("b", "FAILED", error_code="COMMAND_FAILED")]},
        actions={"id-a": actions("a"), "id-b": actions("b", code=3)},
        lines={"a": whole("a"), "b": whole("b", code=3)},
        unknown={},
    )
    return replace(good, **changes)


def broken(found: Facts) -> set[str]:
    return {name for name, check in INVARIANTS.items() if check(found)}


def test_what_is_right_is_not_complained_of() -> None:
    assert broken(facts()) == set()
    told = {"id-a": [f"Nobody saw the end of `{COMMAND}`."]}
    assert broken(facts(unknown=told)) == set()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("lost", {"promised": {"a": "id-a"}}),
        ("lost", {"promised": {"a": "id-a", "b": "id-of-nothing"}}),
        ("stuck", {"live_when_time_was_up": ["id-a"]}),
        ("unnamed", {"unknown": {"id-a": ["Something was lost."]}}),
        ("unreconciled", {"executions": {"a": [row("a", "UNKNOWN")], "b": []}}),
        ("doubled", {"lines": {"a": [*whole("a"), line("a", "first")], "b": whole("b", code=3)}}),
        ("untrue", {"lines": {"a": whole("a")[:3], "b": whole("b", code=3)}}),
        ("untrue", {"actions": {"id-a": actions("a")[:1], "id-b": actions("b", code=3)}}),
        ("untrue", {"actions": {"id-a": actions("a", code=7), "id-b": actions("b", code=3)}}),
    ],
)
def test_what_is_wrong_is_found(name: str, changes: dict[str, Any]) -> None:
    assert name in broken(facts(**changes))


@pytest.mark.parametrize(
    ("status", "code", "lines"),
    [
        ("SUCCESS", "", []),
        ("FAILED", "COMMAND_FAILED", whole("a")),
        ("FAILED", "CONNECTION", whole("a")),
        ("FAILED", "CONNECTION_LOST", [*whole("a")[:2], line("a", "second", action="unseen")]),
        ("CANCELLED", "", []),
        ("TIMEOUT", "TIMEOUT", whole("a")),
    ],
)
def test_an_end_that_the_server_contradicts_is_found(
    status: str, code: str, lines: list[Line]
) -> None:
    rows = {"a": [row("a", status, error_code=code)]}
    found = facts(executions=rows, lines={"a": lines}, launches=[launch("a")])
    assert "untrue" in broken(found)


def test_a_key_that_became_two_executions_is_found() -> None:
    twice = {"a": [row("a"), row("a") | {"id": "id-2"}]}
    assert "doubled" in broken(facts(executions=twice))
