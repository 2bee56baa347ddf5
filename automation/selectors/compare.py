"""Two executions beside each other: their parameters, their steps, and what each step said."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from psycopg.errors import QueryCanceled

from automation.models import Execution
from automation.selectors import executions, monitor
from opsmanager.accounts import permissions

_EARLIER: Final = 5
_ELSEWHERE: Final = 10
_LOOKED_THROUGH: Final = 300
"""The latest runs of a runbook, among which those on other servers are looked for."""
_SECONDS: Final = 2
"""For telling by their logs which steps differ."""
# Of the last attempt, without what took it back. Each row by its digest: outputs are long.
_SAID: Final = """
SELECT step_number,
       md5(string_agg(
           md5(concat_ws(chr(31), command, stdout, stderr, exit_code::text, status)), ''
           ORDER BY seq))
  FROM automation_executionlog
 WHERE execution_id = %s AND queued_at = %s AND seq > %s AND step_name NOT LIKE 'Take back: %%'
 GROUP BY step_number
"""


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value of both, such as a parameter."""

    name: str
    left: Any
    right: Any

    @property
    def differs(self) -> bool:
        """Whether they are not the same."""
        return bool(self.left != self.right)


@dataclass(frozen=True, kw_only=True)
class StepPair:
    """A step of both by its number; 0 is the look before, one more than all the look after."""

    number: int
    left: dict[str, Any] | None
    """As :func:`automation.selectors.monitor.steps` has it; ``None`` for no such step."""
    right: dict[str, Any] | None
    says_the_same: bool | None
    """Whether commands and outputs are alike; ``None`` where nobody said anything, or it is too
    much to be read."""
    is_first_different: bool = False

    @property
    def title(self) -> str:
        """What it is called."""
        return str((self.left or self.right or {})["title"])

    @property
    def differs(self) -> bool:
        """Whether it went another way, or said something else."""
        statuses = [each and each["status"] for each in (self.left, self.right)]
        return statuses[0] != statuses[1] or self.says_the_same is False


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two executions, the earlier one on the left."""

    left: Execution
    right: Execution
    parameters: list[Value]
    assessments: list[Value]
    steps: list[StepPair]
    was_read: bool
    """Whether the logs could be compared in the time."""

    @property
    def is_same(self) -> bool:
        """Whether no step differs."""
        return not any(step.differs for step in self.steps)


def of(one: Execution, other: Execution) -> Comparison:
    """Return the two beside each other; three queries."""
    left, right = sorted((one, other), key=lambda row: (row.queued_at, row.pk))
    steps = monitor.steps_of([left, right])
    said = _said(left), _said(right)
    return Comparison(
        left=left,
        right=right,
        parameters=_values(left.parameters, right.parameters),
        assessments=_values(_assessed(left), _assessed(right)),
        steps=_marked(_pairs(steps[left.pk], steps[right.pk], said)),
        was_read=None not in said,
    )


def previous(user: permissions.Actor, execution: Execution) -> Execution | None:
    """Return the run of the same runbook on the same server before it, of the same kind."""
    return _earlier(user, execution).filter(is_dry_run=execution.is_dry_run).first()


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """What an execution may be compared with."""

    earlier: list[Execution]
    """On the same server, latest first."""
    elsewhere: list[Execution]
    """The latest one on each other server."""


def candidates(user: permissions.Actor, execution: Execution) -> Candidates:
    """Return runs of the same runbook that the user may see."""
    rows = executions.visible_to(user).filter(runbook=execution.runbook_id)
    others = rows.exclude(server=execution.server_id)[:_LOOKED_THROUGH]
    latest: dict[Any, Execution] = {}
    for row in others:
        latest.setdefault(row.server_id, row)
    return Candidates(
        earlier=list(_earlier(user, execution)[:_EARLIER]),
        elsewhere=list(latest.values())[:_ELSEWHERE],
    )


def _earlier(user: permissions.Actor, execution: Execution) -> QuerySet[Execution]:
    return executions.visible_to(user).filter(
        runbook=execution.runbook_id,
        server=execution.server_id,
        queued_at__lt=execution.queued_at,
    )


def _values(left: dict[str, Any], right: dict[str, Any]) -> list[Value]:
    names = dict.fromkeys([*left, *right])
    return [Value(name=name, left=left.get(name), right=right.get(name)) for name in names]


def _assessed(execution: Execution) -> dict[str, Any]:
    """Return what was found at the end, or at the beginning where nobody looked at the end."""
    found = execution.assessment_after or execution.assessment_before or {}
    values: dict[str, Any] = found.get("values", {})
    return values


def _said(execution: Execution) -> dict[int, str] | None:
    """Return what stands for all that each step sent and got; ``None`` if it is too much."""
    asked: list[Any] = [execution.pk, execution.queued_at, execution.begin_seq]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            limit = str(_SECONDS * 1000)
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
            cursor.execute(_SAID, asked)
            found = dict(cursor.fetchall())
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except DatabaseError as problem:
        if isinstance(problem.__cause__, QueryCanceled):
            return None
        raise
    return found


def _pairs(
    left: list[dict[str, Any]],
    right: list[dict[str, Any]],
    said: tuple[dict[int, str] | None, dict[int, str] | None],
) -> Iterable[StepPair]:
    by_number = [{step["number"]: step for step in steps} for steps in (left, right)]
    looks = {0: "Look before", max(len(left), len(right)) + 1: "Look after"}
    for number in range(max(looks) + 1):
        pair = [steps.get(number) for steps in by_number]
        answers = [None if each is None else each.get(number) for each in said]
        if number in looks:
            if not any(answers):
                continue
            pair = [_look(number, looks[number]) if answer else None for answer in answers]
        is_known = None not in said and any(answers)
        yield StepPair(
            number=number,
            left=pair[0],
            right=pair[1],
            says_the_same=answers[0] == answers[1] if is_known else None,
        )


def _look(number: int, title: str) -> dict[str, Any]:
    return {"number": number, "title": title, "status": "", "duration_ms": None}


def _marked(pairs: Iterable[StepPair]) -> list[StepPair]:
    """Return the pairs, the first that differs marked."""
    found: list[StepPair] = []
    for pair in pairs:
        is_first = pair.differs and not any(each.differs for each in found)
        found.append(
            StepPair(
                number=pair.number,
                left=pair.left,
                right=pair.right,
                says_the_same=pair.says_the_same,
                is_first_different=is_first,
            )
        )
    return found
