"""Jinja's sandbox for what people write to be worked out later: names, looked up in what is known.

Who uses it says which parts of the language there are, which names and which filters. What is
looked up is only ever a value, and never read as a template itself. Nothing is called, no attribute
is reached: ``a.b`` looks into mappings, ``a[0]`` into lists too. Pure.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from math import isinf
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

DEEPEST: Final = 5
"""How many lists and objects may stand within one another around a template."""
_BEGINNINGS: Final = ("{{", "{%", "{#")
_SHOWN: Final = 100


class TemplateInvalid(Exception):
    """A template can't be read, or what it names is not known; says so."""


def is_template(text: str) -> bool:
    """Return whether a text is a template at all."""
    return any(beginning in text for beginning in _BEGINNINGS)


def has_template(value: Any) -> bool:
    """Return whether a value is a template, or holds one."""
    if isinstance(value, str):
        return is_template(value)
    if isinstance(value, dict):
        return any(has_template(each) for each in value.values())
    return isinstance(value, list) and any(has_template(each) for each in value)


def over(value: Any, each: Callable[[str], Any], depth: int = 0) -> Any:
    """Return the value with ``each`` done to every text in it. Raises :class:`TemplateInvalid`."""
    if depth > DEEPEST:
        raise TemplateInvalid("It is nested too deeply.")
    if isinstance(value, str):
        return each(value)
    if isinstance(value, dict):
        return {key: over(item, each, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [over(item, each, depth + 1) for item in value]
    return value


def bounded(text: str, longest: int) -> str:
    """Return the text. Raises :class:`TemplateInvalid` where it is longer than that."""
    if len(text) > longest:
        raise TemplateInvalid(f"What comes out is longer than {longest} characters.")
    return text


class LookingIntoMappings(ImmutableSandboxedEnvironment):
    """Looks into mappings and lists alone: a label that is called ``items`` is a label."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what a mapping holds."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return what a mapping or a list holds."""
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        is_place = isinstance(argument, int) and isinstance(obj, list | tuple)
        if is_place and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


@dataclass(frozen=True, kw_only=True)
class Language:
    """What may be written."""

    parts: tuple[type[nodes.Node], ...]
    """Of Jinja's language."""
    names: Collection[str]
    hint: str
    """The sentence for what is no part of it."""
    longest: int
    """How many characters a template may have."""
    most_parts: int
    """Of how many parts it may consist."""


def bare(
    made: Environment,
    filters: Mapping[str, Callable[..., Any]],
    *,
    builtin: Iterable[str] = (),
    tests: Iterable[str] = (),
) -> None:
    """Leave an environment these filters, Jinja's own of those names, and those tests."""
    kept_filters = {name: made.filters[name] for name in builtin}
    kept_tests = {name: made.tests[name] for name in tests}
    for everything in (made.filters, made.tests, made.globals):
        everything.clear()
    made.filters.update({**kept_filters, **filters})
    made.tests.update(kept_tests)


def environment(
    kind: type[LookingIntoMappings],
    *,
    undefined: type[StrictUndefined],
    finalize: Callable[[Any], Any],
) -> LookingIntoMappings:
    """Return an environment; :func:`bare` takes from it what is not wanted."""
    return kind(
        undefined=undefined,
        # The outcome is a value, which is validated and quoted as such, and no page.
        autoescape=False,
        # What is constant would else be worked out while it is read, past all bounds.
        optimized=False,
        keep_trailing_newline=True,
        finalize=finalize,
        cache_size=0,
    )


def require_simple(found: nodes.Node, language: Language, made: Environment) -> None:
    """Raise :class:`TemplateInvalid` for what is no part of the language."""
    every = [found, *found.find_all(nodes.Node)]
    if len(every) > language.most_parts:
        raise TemplateInvalid("It is too long: say it with fewer names and signs.")
    for node in every:
        if not isinstance(node, language.parts):
            raise TemplateInvalid(language.hint)
        # Jinja writes it into its program as the name inf, which nothing has.
        if isinstance(node, nodes.Const) and isinstance(node.value, float) and isinf(node.value):
            raise TemplateInvalid("A number is too large.")
        if isinstance(node, nodes.Name) and node.name not in language.names:
            raise TemplateInvalid(f"There is no {node.name}. Use {', '.join(language.names)}.")
        if isinstance(node, nodes.Filter) and node.name not in made.filters:
            known = ", ".join(sorted(made.filters))
            raise TemplateInvalid(f"There is no filter {node.name}. Use {known}.")
        if isinstance(node, nodes.Test) and node.name not in made.tests:
            known = ", ".join(sorted(made.tests))
            raise TemplateInvalid(f"There is no test {node.name}. Use {known}.")


def parsed(text: str, language: Language, made: Environment) -> nodes.Template:
    """Return what a template consists of. Raises :class:`TemplateInvalid`."""
    if len(text) > language.longest:
        raise TemplateInvalid(f"Use at most {language.longest} characters.")
    try:
        found = made.parse(text)
        require_simple(found, language, made)
    except (TemplateError, RecursionError) as problem:
        raise invalid(problem, text) from problem
    return found


def compiled(found: nodes.Template, text: str, made: Environment) -> Template:
    """Return the program of what :func:`parsed` found. Raises :class:`TemplateInvalid`."""
    try:
        return made.from_string(found)
    # Python has its own bound of brackets within one another.
    except (TemplateError, RecursionError, SyntaxError, MemoryError) as problem:
        raise invalid(problem, text) from problem


def invalid(problem: Exception, text: str) -> TemplateInvalid:
    """Return the error that says what is wrong with which text."""
    said = (_said(problem) or type(problem).__name__).strip()
    shown = f"“{text}”" if len(text) <= _SHOWN else f"“{text[:_SHOWN]}…”"
    return TemplateInvalid(f"{said if said.endswith('.') else f'{said}.'} The text is {shown}.")


def _said(problem: Exception) -> str:
    if isinstance(problem, RecursionError | SyntaxError | MemoryError):
        return "It is nested too deeply."
    # Jinja's own text has the number of the line, which is the first.
    return str((problem.message if isinstance(problem, TemplateError) else None) or problem)
