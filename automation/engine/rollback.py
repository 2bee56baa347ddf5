"""What a rollback takes back, and in which order."""

from automation.engine.errors import NothingToRollBack
from automation.engine.runbook import Runbook
from automation.engine.step import Step


def rollback_plan(runbook: Runbook | type[Runbook], steps_done: int) -> list[str]:
    """Return the titles of the steps that a rollback would take back, latest first.

    ``steps_done`` is that of the execution's ``Outcome``.
    """
    return [step.title for _, step in undoable_steps(runbook, steps_done)]


def undoable_steps(runbook: Runbook | type[Runbook], steps_done: int) -> list[tuple[int, Step]]:
    """Return number and step of what can be taken back, latest first.

    None with parameters that make it irreversible; of a class, what some parameters allow.
    """
    if isinstance(runbook, Runbook) and runbook.why_irreversible():
        return []
    numbered = list(enumerate(runbook.steps, 1))[:steps_done]
    return [(number, step) for number, step in reversed(numbered) if step.undo_name]


def check_something_to_do(runbook: Runbook, plan: list[tuple[int, Step]]) -> None:
    """Raise ``NothingToRollBack``, with the reason, when the plan is empty."""
    if not plan:
        reason = runbook.why_irreversible() or "None of the steps that ran can be taken back."
        raise NothingToRollBack(f"Nothing to roll back: {reason}")
