"""Marks a method of a runbook as one of its steps, and another as what takes it back."""

from collections.abc import Callable, Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from automation.engine.errors import RunbookInvalid

if TYPE_CHECKING:
    from automation.engine.run import Run

StepFunction = Callable[[Any, "Run"], None]
Condition = Callable[[Any, "Run"], bool]
F = TypeVar("F", bound=StepFunction)
C = TypeVar("C", bound=Condition)


class Step:
    """A titled part of a runbook; on an instance it is the plain method."""

    def __init__(self, title: str, function: StepFunction, *, alongside: bool = False) -> None:
        self.title = title
        self.function = function
        self.name = function.__name__
        self.alongside = alongside
        """Whether it runs at the same time as the step before it."""
        self.undo_name: str | None = None
        self.condition_name: str | None = None
        self.__doc__ = function.__doc__

    def __get__(self, runbook: object | None, owner: type) -> "Self | MethodType":
        return self if runbook is None else MethodType(self.function, runbook)

    def undo(self, function: F) -> F:
        """Declare the method that takes this step back, days later and on another worker.

        It is run when the step ran to its end, or failed after a changing command was sent;
        ``run.data`` holds what the steps kept.
        """
        if self.undo_name is not None:
            raise RunbookInvalid(f"The step “{self.title}” has two undos; it can have one.")
        self.undo_name = function.__name__
        return function

    def when(self, condition: C) -> C:
        """Declare the method ``(self, run) -> bool`` that decides whether the step is done at all.

        It may only read, and is asked when the step's turn has come.
        """
        if self.condition_name is not None:
            raise RunbookInvalid(f"The step “{self.title}” has two conditions; it can have one.")
        self.condition_name = condition.__name__
        return condition

    def is_wanted(self, runbook: object, run: "Run") -> bool:
        """Say whether the step is to be done, by its condition, if it has one."""
        if self.condition_name is None:
            return True
        return bool(getattr(runbook, self.condition_name)(run))

    def run(self, runbook: object, run: "Run") -> None:
        """Do the step."""
        self.function(runbook, run)

    def take_back(self, runbook: object, run: "Run") -> None:
        """Undo the step, by the method of that name, so that a subclass can replace it."""
        if self.undo_name is not None:
            getattr(runbook, self.undo_name)(run)


def step(title: str, *, alongside: bool = False) -> Callable[[StepFunction], Step]:
    """Make a method ``(self, run)`` a step; the steps run in the order of definition::

    @step("Restart the unit")
    def restart(self, run: Run) -> None:
        run.change("systemctl", "restart", self.service_name, sudo=True)

    @restart.undo
    def bring_back(self, run: Run) -> None: ...

    @restart.when
    def is_down(self, run: Run) -> bool: ...

    With ``alongside=True`` it runs at the same time as the step before it; the next step without
    waits for both.
    """
    return lambda function: Step(title, function, alongside=alongside)


def groups_of(steps: Sequence[Step]) -> list[list[tuple[int, Step]]]:
    """Return the steps with their numbers, those that run at the same time together."""
    groups: list[list[tuple[int, Step]]] = []
    for number, each in enumerate(steps, 1):
        if each.alongside and groups:
            groups[-1].append((number, each))
        else:
            groups.append([(number, each)])
    return groups


def steps_of(cls: type) -> tuple[Step, ...]:
    """Return the steps of a class: its bases' first, a redefined one in its old place."""
    found: dict[str, Step] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Step):
                found[name] = value
            elif name in found:
                raise RunbookInvalid(
                    f"{cls.__name__}.{name} replaces a step and must be one: "
                    f'mark it with @step("{found[name].title}").'
                )
    return tuple(found.values())
