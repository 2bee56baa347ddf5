"""Each invariant notices what it is there for: else a drill would show nothing."""

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.facts import Facts
from tests.faults.fleet import Line
from tests.faults.invariants import INVARIANTS
from tests.faults.launches import Launch

COMMAND = "/bin/sh -c work"


def launch(key: str, *, code: int = 0, runbook: str = "FAULTS_CHANGE", **more: Any) -> Launch:
    parameters = {"code": code}
    return Launch(
        key=key, runbook=runbook, server=0, parameters=parameters, priority="NORMAL", **more
    )


def line(key: str, step: str, code: int | None = None, *, action: str = "") -> Line:
    return Line(key=key, action=action or f"{key}-{step}", step=step, code=code)


def whole(key: str, *, code: int = 0) -> list[Line]:
    return [
        *(line(key, "first"), line(key, "first", 0)),
        *(line(key, "second"), line(key, "second", code)),
    ]


def row(key: str, status: str = "SUCCESS", **fields: Any) -> dict[str, Any]:
    plain = {"error_code": "", "error_message": "", "attempt": 1, "max_retries": 3, "decision": ""}
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
        ("stuck", {"live_when_time_was_up": {"id-a": "RUNNING"}}),
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


def decided(decision: str, lines: list[Line], *, keeps_records: bool = False) -> Facts:
    status = "SUCCESS" if decision == "SUCCESS" else "FAILED"
    return facts(
        launches=[launch("a", keeps_records=keeps_records)],
        executions={"a": [row("a", status, decision=decision)]},
        lines={"a": lines},
        actions={"id-a": actions("a", code=None)},
    )


def test_what_a_person_said_by_the_servers_record_is_right() -> None:
    assert broken(decided("SUCCESS", whole("a"))) == set()
    assert broken(decided("FAILED", whole("a")[:3])) == set()
    again = decided("RUN_AGAIN", whole("a"))
    twice = [row("a", "FAILED", decision="RUN_AGAIN"), row("a") | {"id": "id-2"}]
    new = {"id-a": [], "id-2": actions("a")}
    assert broken(replace(again, executions={"a": twice}, actions=new)) == set()


@pytest.mark.parametrize(
    ("decision", "lines"),
    [("SUCCESS", whole("a")[:3]), ("FAILED", whole("a")), ("RUN_AGAIN", whole("a"))],
)
def test_a_person_whom_the_server_contradicts_is_found(decision: str, lines: list[Line]) -> None:
    assert "untrue" in broken(decided(decision, lines))


def test_what_a_server_could_have_told_is_nothing_for_people() -> None:
    known = decided("SUCCESS", whole("a"), keeps_records=True)
    assert broken(known) == {"unreconciled"}
    assert broken(replace(known, untold={"id-a"})) == set()
