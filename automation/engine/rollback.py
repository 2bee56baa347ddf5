"""What a rollback takes back, and in which order."""

from collections.abc import Collection

from automation.engine.errors import NothingToRollBack
from automation.engine.runbook import Runbook
from automation.engine.step import Step


def rollback_plan(
    runbook: Runbook | type[Runbook], steps_done: Collection[int]
) -> list[tuple[int, str]]:
    """Return number and title of the steps that a rollback would take back, latest first.

    ``steps_done`` is that of the execution's ``Outcome``.
    """
    return [(number, step.title) for number, step in undoable_steps(runbook, steps_done)]


def undoable_steps(
    runbook: Runbook | type[Runbook], steps_done: Collection[int]
) -> list[tuple[int, Step]]:
    """Return number and step of what can be taken back, latest first.

    None with parameters that make it irreversible; of a class, what some parameters allow.
    """
    if isinstance(runbook, Runbook) and runbook.why_irreversible():
        return []
    numbered = reversed(list(enumerate(runbook.steps, 1)))
    return [(n, step) for n, step in numbered if n in steps_done and step.undo_name]


def check_something_to_do(runbook: Runbook, plan: list[tuple[int, Step]]) -> None:
    """Raise ``NothingToRollBack``, with the reason, when the plan is empty."""
    if not plan:
        reason = runbook.why_irreversible() or "None of the steps that ran can be taken back."
        raise NothingToRollBack(f"Nothing to roll back: {reason}")
