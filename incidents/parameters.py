"""Parameters of a rule that an incident fills in, such as ``{{ labels.service }}``.

What the author of a rule wrote is a template in Jinja's sandbox, of expressions alone: no loop, no
call, no arithmetic, nothing that another file holds. What an alert says is only ever put in as
text, and never read as a template itself. Texts are bounded, so that none takes long or grows.
"""

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.runtime import Undefined

from opsmanager.common import sandbox
from opsmanager.common.sandbox import TemplateInvalid, has_template, is_template

__all__ = [
    "LONGEST_TEXT",
    "NAMES",
    "TemplateInvalid",
    "check",
    "filled",
    "has_template",
    "is_template",
    "text_of",
]

LONGEST_TEXT: Final = 8000
NAMES: Final = ("labels", "title", "severity", "source", "server")
"""What a template may name."""

_LANGUAGE: Final = sandbox.Language(
    parts=(
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Getattr,
        nodes.Getitem,
        nodes.Const,
        nodes.Filter,
        nodes.Or,
        nodes.And,
        nodes.Not,
        nodes.CondExpr,
        nodes.Compare,
        nodes.Operand,
        nodes.Concat,
    ),
    names=NAMES,
    hint=(
        "Use only names, such as {{ labels.service }}, with filters such as "
        '| default("nginx"), | before(":") or | lower.'
    ),
    longest=2000,
    most_parts=2000,
)


def check(value: Any) -> None:
    """Raise :class:`TemplateInvalid` unless all templates within a value can be read."""
    sandbox.over(value, _compiled)


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """Return the value with its templates filled in. Raises :class:`TemplateInvalid`."""
    return sandbox.over(value, lambda text: text_of(text, known))


def text_of(text: str, known: Mapping[str, Any]) -> str:
    """Return the text with its templates filled in. Raises :class:`TemplateInvalid`."""
    template = _compiled(text)
    if template is None:
        return text
    try:
        found = template.render(dict(known))
    except (TemplateError, TypeError, ValueError) as problem:
        raise sandbox.invalid(problem, text) from problem
    return _bounded(found)


class _Missing(StrictUndefined):
    """Says in plain words what an incident does not have."""

    @property
    def _undefined_message(self) -> str:
        name = self._undefined_name
        if isinstance(self._undefined_obj, dict) and "name" not in self._undefined_obj:
            return f"The incident has no label {name}."
        return f"The incident has no {name}."


def _finished(value: Any) -> Any:
    if isinstance(value, str | int | float | Undefined):
        return value
    raise TemplateInvalid("It names all labels at once. Name one, such as labels.service.")


def _before(text: object, mark: str) -> str:
    """Return what stands before the first mark: of ``web-1:9100`` and ``:``, ``web-1``."""
    return _text(text).partition(mark)[0] if mark else _text(text)


def _after(text: object, mark: str) -> str:
    """Return what stands after the first mark; the whole text where there is none."""
    before, found, after = _text(text).partition(mark) if mark else (_text(text), "", "")
    return after if found else before


def _replaced(text: object, old: str, new: str) -> str:
    """Return the text with another word in place of one."""
    return _bounded(_text(text).replace(_text(old), _text(new))) if old else _text(text)


def _text(value: object) -> str:
    if isinstance(value, Undefined):
        return str(value)  # says what is missing
    return _bounded(str(value))


def _bounded(text: str) -> str:
    return sandbox.bounded(text, LONGEST_TEXT)


_ENVIRONMENT: Final = sandbox.environment(
    sandbox.LookingIntoMappings, undefined=_Missing, finalize=_finished
)
sandbox.bare(
    _ENVIRONMENT,
    {"before": _before, "after": _after, "replace": _replaced},
    builtin=("default", "d", "lower", "upper", "trim"),
)


def _compiled(text: str) -> Template | None:
    """Return a template that can be filled in, ``None`` for a text that is none."""
    if not is_template(text):
        return None
    found = sandbox.parsed(text, _LANGUAGE, _ENVIRONMENT)
    return sandbox.compiled(found, text, _ENVIRONMENT)
