"""Conditions and templates over the inputs of a workflow and the results of its nodes.

A condition is what operators know from Ansible's ``when``: ``results.check.data.usage > 80 and not
inputs.gently``. A template is a text with ``{{ … }}`` in it; where it is nothing else, the value
keeps its type. Both are expressions in Jinja's sandbox: comparisons, arithmetic on numbers, some
filters and tests. There are no calls and no loops, and what is worked out is bounded.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.parser import Parser
from jinja2.runtime import Context

from automation.workflows import filters
from opsmanager.common import sandbox
from opsmanager.common.sandbox import TemplateInvalid, is_template

LONGEST: Final = 2000
NAMES: Final = ("inputs", "results")
_VALUE: Final = "value"
_LANGUAGE: Final = sandbox.Language(
    parts=(
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Getattr,
        nodes.Getitem,
        nodes.Const,
        nodes.List,
        nodes.Tuple,
        nodes.Filter,
        nodes.Test,
        nodes.Or,
        nodes.And,
        nodes.Not,
        nodes.CondExpr,
        nodes.Compare,
        nodes.Operand,
        nodes.Concat,
        nodes.Add,
        nodes.Sub,
        nodes.Mul,
        nodes.Div,
        nodes.FloorDiv,
        nodes.Mod,
        nodes.Neg,
        nodes.Pos,
    ),
    names=NAMES,
    hint=(
        "Use only names such as results.check.status or inputs.server, texts in quotes, numbers, "
        "comparisons, and, or, not, in, + - * / and filters such as | default(0)."
    ),
    longest=LONGEST,
    most_parts=300,
)
_FAULTS: Final = (TemplateError, ArithmeticError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What an expression names: an input, or something of a node's result."""

    root: str
    """``inputs`` or ``results``."""
    name: str
    """Of the input or the node."""
    part: str | None = None
    """Of the result, such as ``status``; ``None`` where the whole is named."""


def evaluate(text: str, known: Mapping[str, Any]) -> bool:
    """Say whether a condition holds; ``known`` has ``inputs`` and ``results``.

    Raises :class:`TemplateInvalid` where it can't be read, names what is not there, or gives
    something else than yes or no.
    """
    found = value_of(text, known)
    if not isinstance(found, bool):
        raise TemplateInvalid(
            f"The condition {text} gives {filters.kind(found)}, not yes or no. Compare it with "
            "something, such as == 'x' or | length > 0."
        )
    return found


def value_of(text: str, known: Mapping[str, Any]) -> Any:
    """Return what an expression gives, a condition or another. Raises :class:`TemplateInvalid`."""
    return _value_of(_condition(text), text, known)


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """Return JSON with the templates in its texts filled in. Raises :class:`TemplateInvalid`."""
    return sandbox.over(value, lambda text: _filled(text, known))


def text_of(text: str, known: Mapping[str, Any]) -> str:
    """Return a text with its templates filled in as text. Raises :class:`TemplateInvalid`."""
    if not is_template(text):
        return text
    return _rendered(_template(text), text, known)


def references_of_condition(text: str) -> list[Reference]:
    """Return all that a condition names. Raises :class:`TemplateInvalid`."""
    _condition(text)  # so that what can't be made a program of is found, too
    return list(_references(_parsed_condition(text)))


def references_of_template(text: str) -> list[Reference]:
    """Return all that the templates in a text name. Raises :class:`TemplateInvalid`."""
    if not is_template(text):
        return []
    _template(text)
    return list(_references(sandbox.parsed(text, _LANGUAGE, _ENVIRONMENT)))


class _Missing(StrictUndefined):
    """Says in plain words what there is not."""

    @property
    def _undefined_message(self) -> str:
        name = self._undefined_name
        return f"There is no {name}. Say what to take instead, such as | default(0)."


class _Environment(sandbox.LookingIntoMappings):
    """Works with numbers that stay small, and looks up texts that are not too long."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def call_binop(self, _context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return what comes out of two numbers."""
        work: Callable[[Any, Any], Any] = self.binop_table[operator]
        return filters.number(work(filters.number(left), filters.number(right)))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return what a mapping or a list holds; of what is missing, that it is."""
        if isinstance(obj, StrictUndefined):
            return obj
        found = super().getitem(obj, argument)
        if isinstance(found, str):
            sandbox.bounded(found, filters.LONGEST_TEXT)
        return found


def _finished(value: Any) -> Any:
    """Return what is put into the middle of a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float | StrictUndefined):
        return value
    raise TemplateInvalid(
        f"{filters.kind(value).capitalize()} can't stand within a text. Name a part of it, or let "
        "the template be the whole value."
    )


_ENVIRONMENT: Final = sandbox.environment(_Environment, undefined=_Missing, finalize=_finished)
sandbox.bare(_ENVIRONMENT, filters.FILTERS, builtin=filters.BUILTIN, tests=filters.TESTS)


def _filled(text: str, known: Mapping[str, Any]) -> Any:
    if not is_template(text):
        return text
    whole = _whole(text)
    return _rendered(_template(text), text, known) if whole is None else _plain(whole, text, known)


def _plain(whole: Template, text: str, known: Mapping[str, Any]) -> Any:
    found = _value_of(whole, text, known)
    return sandbox.bounded(found, filters.LONGEST_TEXT) if isinstance(found, str) else found


def _rendered(template: Template, text: str, known: Mapping[str, Any]) -> str:
    try:
        found = template.render(dict(known))
    except _FAULTS as problem:
        raise _invalid(problem, text) from problem
    return sandbox.bounded(found, filters.LONGEST_TEXT)


def _value_of(program: Template, text: str, known: Mapping[str, Any]) -> Any:
    context = program.new_context(dict(known))
    try:
        tuple(program.root_render_func(context))  # runs it; there is no text
        filters.require(context.vars[_VALUE])
    except _FAULTS as problem:
        raise _invalid(problem, text) from problem
    return context.vars[_VALUE]


def _invalid(problem: Exception, text: str) -> TemplateInvalid:
    if isinstance(problem, ZeroDivisionError):
        problem = TemplateInvalid("It divides by zero.")
    elif isinstance(problem, TypeError):
        problem = TemplateInvalid(
            "It compares or takes together what is not of one kind. Use | int or | float to make a "
            "number of a text."
        )
    return sandbox.invalid(problem, text)


@lru_cache(maxsize=2048)
def _condition(text: str) -> Template:
    return _program(_parsed_condition(text), text)


@lru_cache(maxsize=2048)
def _template(text: str) -> Template:
    found = sandbox.parsed(text, _LANGUAGE, _ENVIRONMENT)
    return sandbox.compiled(found, text, _ENVIRONMENT)


@lru_cache(maxsize=2048)
def _whole(text: str) -> Template | None:
    """Return the program of the one expression that a text is, ``None`` where it has more."""
    match sandbox.parsed(text.strip(), _LANGUAGE, _ENVIRONMENT).body:
        case [nodes.Output(nodes=[nodes.Expr() as found])] if not _is_text(found):
            return _program(found, text)
    return None


def _is_text(found: nodes.Node) -> bool:
    return isinstance(found, nodes.TemplateData)


def _parsed_condition(text: str) -> nodes.Expr:
    if len(text) > LONGEST:
        raise TemplateInvalid(f"Use at most {LONGEST} characters.")
    if is_template(text):
        raise TemplateInvalid("Write the condition as it is, without {{ and }}.")
    try:
        parser = Parser(_ENVIRONMENT, text, state="variable")
        found = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError("There is something behind its end.", 1)
        found.set_environment(_ENVIRONMENT)
        sandbox.require_simple(found, _LANGUAGE, _ENVIRONMENT)
    except (TemplateError, RecursionError) as problem:
        raise _invalid(problem, text) from problem
    return found


def _program(found: nodes.Expr, text: str) -> Template:
    """Return a program that leaves the value of an expression in its variables."""
    assigned = nodes.Assign(nodes.Name(_VALUE, "store"), found, lineno=1)
    return sandbox.compiled(nodes.Template([assigned], lineno=1), text, _ENVIRONMENT)


def _references(found: nodes.Node) -> Iterator[Reference]:
    if isinstance(found, nodes.Name):
        example = "inputs.server" if found.name == "inputs" else "results.check"
        raise TemplateInvalid(f"Name one of the {found.name}, such as {example}.")
    way, rest = _way(found)
    if isinstance(rest, nodes.Name) and way and way[0] is not None:
        part = way[1] if len(way) > 1 else None
        yield Reference(root=rest.name, name=way[0], part=part)
        inner: list[nodes.Node] = [
            step.arg for step in _steps(found) if isinstance(step, nodes.Getitem)
        ]
    else:
        inner = [*found.iter_child_nodes()]
    for each in inner:
        yield from _references(each)


def _steps(found: nodes.Node) -> Iterator[nodes.Getattr | nodes.Getitem]:
    """Yield each look into something, the last one first."""
    while isinstance(found, nodes.Getattr | nodes.Getitem):
        yield found
        found = found.node


def _way(found: nodes.Node) -> tuple[list[str | None], nodes.Node]:
    """Return what is looked for, one in another, ``None`` where that is worked out; and in what."""
    way: list[str | None] = []
    for step in _steps(found):
        if isinstance(step, nodes.Getattr):
            way.append(step.attr)
        else:
            is_named = isinstance(step.arg, nodes.Const) and isinstance(step.arg.value, str)
            way.append(step.arg.value if is_named else None)  # type: ignore[attr-defined]
        found = step.node
    return way[::-1], found
