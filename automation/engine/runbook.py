"""What a runbook is: a class with typed parameters, titled steps and a few words on itself."""

import inspect
import re
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ConfigDict, SecretStr, ValidationError

from automation.engine.errors import RunbookInvalid
from automation.engine.kinds import Category, Platform, Suggests
from automation.engine.params import Parameters, is_param, option
from automation.engine.registry import Registry, registry
from automation.engine.results import Assessment, ErrorCode
from automation.engine.step import Step, steps_of

if TYPE_CHECKING:
    from automation.engine.run import Run

_ID = re.compile(r"[A-Z][A-Z0-9_]*")
_ID_LENGTH = 100


class Runbook(Parameters):
    """Base class of all runbooks; defining a subclass checks and registers it.

    An instance is the runbook with its parameters, frozen. A subclass says what it is by class
    attributes, its parameters by :func:`automation.engine.params.Param`, and what it does by
    methods marked with :func:`automation.engine.step.step`. Its docstring's first line is its
    summary; the rest says when to use it and when not.

    ``class Base(Runbook, abstract=True)`` is neither checked nor registered;
    ``registry=...`` registers elsewhere than in the library. Raises ``RunbookInvalid``.
    """

    model_config = ConfigDict(ignored_types=(Step,))

    id: ClassVar[str] = ""
    """Capital letters, digits and ``_``: what the API and the audit trail call it."""
    title: ClassVar[str] = ""
    category: ClassVar[Category] = Category.MAINTENANCE
    platforms: ClassVar[tuple[Platform, ...]] = (Platform.LINUX,)
    changes: ClassVar[bool] = True
    """Whether it may change the server; a reading one can't, its ``run.change`` raises."""
    idempotent: ClassVar[bool] = False
    """Whether doing it twice is as good as once: then it may be run again after a crash."""
    retry_on: ClassVar[tuple[ErrorCode, ...]] = (ErrorCode.CONNECTION, ErrorCode.CONNECTION_LOST)
    """Failures after which it is tried again by itself, while nothing was changed yet or where it
    is idempotent."""
    irreversible: ClassVar[str] = ""
    """Why nothing can be taken back; a changing runbook needs this or an undo."""
    dangerous: ClassVar[bool] = False
    """Whether each launch must be confirmed, unless an operator configured otherwise."""
    required_permissions: ClassVar[tuple[str, ...]] = ()
    """Django permissions that its launch needs beside the usual ones."""
    default_timeout: ClassVar[int] = 300
    """Seconds for the whole execution."""
    default_max_retries: ClassVar[int] = 3
    default_cooldown_minutes: ClassVar[int] = 10
    estimated_seconds: ClassVar[int] = 30
    """How long it usually takes, until there is a history to tell."""

    steps: ClassVar[tuple[Step, ...]] = ()
    """In the order in which they run; found by itself."""

    def __init_subclass__(
        cls, *, abstract: bool = False, registry: Registry = registry, **kwargs: Any
    ) -> None:
        """Only tells which options a class statement may have; pydantic passes them on."""

    @classmethod
    def __pydantic_init_subclass__(
        cls, *, abstract: bool = False, registry: Registry = registry, **kwargs: Any
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.steps = steps_of(cls)
        if abstract:
            return
        problems = [*_wrong_words(cls), *_wrong_steps(cls), *_wrong_parameters(cls)]
        if problems:
            name = f"{cls.__module__}.{cls.__qualname__}"
            raise RunbookInvalid(f"The runbook {name} is declared wrongly. " + " ".join(problems))
        registry.add(cls)

    def assess(self, run: "Run") -> Assessment | None:
        """Look, by reading only, whether the server is healthy in the matter this one can fix.

        Called before the first step and after the last; there a command's exit code is an answer
        and no failure. ``None`` (as here) where there is nothing to assess.
        """
        return None

    def why_irreversible(self) -> str:
        """Return why nothing can be taken back with these parameters; empty where steps can.

        Override it where that depends on the parameters, as on one that asks for copies.
        """
        return self.irreversible

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the docstring."""
        return inspect.cleandoc(cls.__doc__ or "").partition("\n")[0]

    @classmethod
    def description(cls) -> str:
        """Return the rest of the docstring: when to use it and when not."""
        return inspect.cleandoc(cls.__doc__ or "").partition("\n")[2].strip()

    @classmethod
    def can_roll_back(cls) -> bool:
        """Say whether any of its steps can be taken back."""
        return any(step.undo_name for step in cls.steps)


def _wrong_words(cls: type[Runbook]) -> list[str]:
    problems = []
    if not _ID.fullmatch(cls.id) or len(cls.id) > _ID_LENGTH:
        problems.append(
            f"Its id {cls.id!r} must be capital letters, digits and _, such as SERVICE_RESTART."
        )
    if not cls.title.strip():
        problems.append('It needs a title, such as title = "Restart a service".')
    if not (vars(cls).get("__doc__") or "").strip():
        problems.append("It needs a docstring that says what it does and when to use it.")
    if not cls.platforms:
        problems.append("It needs at least one platform.")
    return problems


def _wrong_steps(cls: type[Runbook]) -> list[str]:
    problems = [
        f"Its step {step.name} needs a title." for step in cls.steps if not step.title.strip()
    ]
    if not cls.steps:
        problems.append('It needs a step: a method marked with @step("What it does").')
    if cls.changes and not (cls.can_roll_back() or cls.irreversible):
        problems.append(
            "It changes the server, so it needs an undo (@<step>.undo), or irreversible = "
            '"<why nothing can be taken back>", or changes = False when it only reads.'
        )
    return problems


def _wrong_parameters(cls: type[Runbook]) -> list[str]:
    problems = []
    for name, field in cls.model_fields.items():
        if not is_param(field) or not (field.description or "").strip():
            problems.append(f"Its parameter {name} must be declared with Param(..., help=...).")
        if hasattr(Runbook, name):
            problems.append(f"Its parameter {name} hides what every runbook has; rename it.")
        if bool(option(field, "secret")) != (SecretStr in _types_in(field.annotation)):
            problems.append(f"Its parameter {name} needs both secret=True and the type SecretStr.")
        suggests = option(field, "suggests")
        if suggests and suggests not in list(Suggests):
            kinds = ", ".join(Suggests)
            problems.append(f"Its parameter {name} can suggest {kinds}, and not {suggests!r}.")
    return problems + _wrong_defaults(cls)


def _wrong_defaults(cls: type[Runbook]) -> list[str]:
    try:
        cls.model_validate({})
    except ValidationError as error:
        # What concerns the parameters together may well be wrong while none is given.
        return [
            f"The default of {problem['loc'][0]} is wrong: {problem['msg']}."
            for problem in error.errors(include_url=False, include_input=False)
            if problem["type"] != "missing" and problem["loc"]
        ]
    return []


def _types_in(annotation: object) -> set[object]:
    parts = getattr(annotation, "__args__", ())
    return {annotation}.union(*(_types_in(part) for part in parts))
