"""Parameters, declared once on the runbook's class; schema, form, command line and docs follow."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from automation.engine.errors import ParametersInvalid
from automation.engine.sentences import sentence_for

if TYPE_CHECKING:
    from automation.engine.runbook import Runbook

RunbookT = TypeVar("RunbookT", bound="Runbook")

REQUIRED: Any = ...
"""The default of a parameter that must be given."""
LINE_LENGTH = 4096
"""How many characters a parameter of one line may have at most."""
TEXT_LENGTH = 65_536
"""How many characters a parameter of several lines may have at most."""
KEPT: Any = object()
"""Stands for a secret that was given before and is kept sealed elsewhere: it is neither checked
nor to be had."""
WHOLE = "parameters"
"""The key of ``ParametersInvalid.details`` for what concerns no single parameter."""


def Param(  # noqa: N802 - reads as the type it stands for; one option per argument
    default: Any = REQUIRED,
    *,
    help: str,  # noqa: A002 - the word that argparse, click and Django use
    title: str | None = None,
    unit: str | None = None,
    secret: bool = False,
    multiline: bool = False,
    labels: Sequence[str] = (),
    suggests: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
) -> Any:
    """Declare one parameter of a runbook.

    ``help`` is a sentence for the person who fills it in; ``unit`` follows the value ("s");
    ``secret`` needs the type ``SecretStr`` and is never stored readable; ``multiline`` allows
    line breaks, and such a text belongs on a command's standard input; ``labels`` are the alert
    labels it may be filled from, best first; ``suggests`` is what the form offers of that which the
    chosen server has: ``units``, ``file-systems`` or ``processes``. Anything else may still be
    given. The rest constrains the value as in pydantic.
    """
    return Field(
        default,
        title=title,
        description=help,
        json_schema_extra={
            "x-unit": unit,
            "x-secret": secret,
            "x-multiline": multiline,
            "x-labels": list(labels),
            "x-suggests": suggests,
        },
        ge=ge,
        gt=gt,
        le=le,
        lt=lt,
        min_length=min_length,
        max_length=max_length,
        pattern=pattern,
    )


def option(field: FieldInfo, name: str) -> Any:
    """Return one of :func:`Param`'s own options, such as ``unit``; ``None`` for another field."""
    extra = field.json_schema_extra
    return extra.get(f"x-{name}") if isinstance(extra, dict) else None


def is_param(field: FieldInfo) -> bool:
    """Say whether a field was declared with :func:`Param`."""
    return option(field, "labels") is not None


def wire_name(python_name: str) -> str:
    """Return a parameter's name in JSON, such as ``serviceName`` for ``service_name``."""
    return to_camel(python_name)


class Parameters(BaseModel):
    """The typed, frozen values that a runbook is run with.

    Accepts each parameter by its Python name or its name on the wire, refuses unknown ones, and
    coerces no more than a form's text to the number or truth value that it spells.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=wire_name,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        field_title_generator=lambda name, _field: name.replace("_", " ").capitalize(),
    )

    @field_validator("*", mode="before")
    @classmethod
    def _accept_no_surprise(cls, value: object, info: ValidationInfo) -> object:
        """Refuse what pydantic would quietly turn into something else or pass on unseen."""
        field = cls.model_fields[str(info.field_name)]
        if isinstance(value, str) and not option(field, "multiline"):
            value = value.strip()
        items = value if isinstance(value, list | tuple) else (value,)
        for item in items:
            if isinstance(item, bool) and not _takes_bool(field.annotation):
                raise ValueError("Yes and no are not a value of this parameter.")
            if isinstance(item, str):
                _check_text(item, multiline=bool(option(field, "multiline")))
        return value

    @field_validator("*", mode="wrap")
    @classmethod
    def _pass_what_is_kept(cls, value: object, check: ValidatorFunctionWrapHandler) -> object:
        """Let the place of a secret pass that was checked when it was given."""
        return SecretStr("") if value is KEPT else check(value)

    @classmethod
    def _secret_names(cls) -> set[str]:
        return {name for name, field in cls.model_fields.items() if option(field, "secret")}

    @classmethod
    def checked(cls, raw: Mapping[str, Any]) -> Self:
        """Return the values in ``raw``; raises ``ParametersInvalid``."""
        twice = [n for n in cls.model_fields if n in raw and wire_name(n) in raw]
        twice = [name for name in twice if name != wire_name(name)]
        if twice:
            details = {wire_name(n): [f"Is given twice, also as {n}."] for n in twice}
            raise ParametersInvalid(_message(details), details)
        try:
            return cls.model_validate(dict(raw))
        except ValidationError as error:
            details = _details(cls, error)
        raise ParametersInvalid(_message(details), details)


def parse(runbook: type[RunbookT], raw: Mapping[str, Any], *, kept: Iterable[str] = ()) -> RunbookT:
    """Return the runbook with the parameters in ``raw``, by wire or Python names.

    ``kept`` are the wire names of secrets that were given and checked before and are sealed
    elsewhere; where ``raw`` has none of that name, the runbook's is empty.
    Raises ``ParametersInvalid``; its ``details`` map each wrong parameter's name on the wire to
    sentences, and :data:`WHOLE` to those about several together. No message shows a secret.
    """
    secret = secret_names(runbook)
    missing = {n for n in kept if n in secret and n not in raw and secret[n] not in raw}
    return runbook.checked({**raw, **dict.fromkeys(missing, KEPT)})


def dump(runbook: Parameters) -> dict[str, Any]:
    """Return the parameters as JSON by wire names, without the secret ones (:func:`secrets`)."""
    return runbook.model_dump(mode="json", by_alias=True, exclude=runbook._secret_names())  # noqa: SLF001 - one module


def secret_names(runbook: type[Parameters]) -> dict[str, str]:
    """Return the Python names of the secret parameters by their names on the wire."""
    return {wire_name(name): name for name in sorted(runbook._secret_names())}  # noqa: SLF001 - one module


def secrets(runbook: Parameters) -> dict[str, str]:
    """Return the secret parameters in plain text by wire names, to be sealed or redacted."""
    values = {n: getattr(runbook, name) for n, name in secret_names(type(runbook)).items()}
    return {n: v.get_secret_value() for n, v in values.items() if isinstance(v, SecretStr)}


def _takes_bool(annotation: object) -> bool:
    return annotation is bool or any(_takes_bool(part) for part in get_args(annotation))


def _check_text(text: str, *, multiline: bool) -> None:
    longest = TEXT_LENGTH if multiline else LINE_LENGTH
    if len(text) > longest:
        raise ValueError(f"Must have at most {longest:,} characters.")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("Holds a character that is not text.")
    if not multiline and any(character in text for character in "\r\n"):
        raise ValueError("Must be a single line.")


def _details(model: type[Parameters], error: ValidationError) -> dict[str, list[str]]:
    details: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_input=False):
        first, *inner = problem["loc"] or (WHOLE,)
        name = wire_name(first) if first in model.model_fields else str(first)
        fields = {wire_name(n): field for n, field in model.model_fields.items()}
        unit = option(fields[name], "unit") if name in fields else None
        sentence = sentence_for(problem, unit=unit or "")
        for position in (part for part in inner if isinstance(part, int)):
            sentence = f"Item {position + 1}: {sentence}"
        details.setdefault(name, []).append(sentence)
    return details


def _message(details: Mapping[str, Sequence[str]]) -> str:
    parts = [
        " ".join(sentences) if name == WHOLE else f"{name}: {' '.join(sentences)}"
        for name, sentences in details.items()
    ]
    return "; ".join(parts) if len(parts) == 1 else f"{len(parts)} problems: {' '.join(parts)}"
