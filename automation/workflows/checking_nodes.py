"""Checks what each node of a workflow does by itself: where it runs, what, with what parameters."""

from collections.abc import Iterator, Mapping
from typing import Any

from automation.engine.errors import ParametersInvalid
from automation.engine.params import KEPT, WHOLE, Parameters, is_param, option, wire_name
from automation.workflows.definition import (
    LONGEST_LINE,
    LONGEST_TEXT,
    LONGEST_WAIT,
    MOST_APPROVALS,
    MOST_SERVERS,
    ForEach,
    Note,
    Run,
    Wait,
)
from automation.workflows.errors import Finding
from automation.workflows.library import Library, SavedTemplate
from opsmanager.common.sandbox import TemplateInvalid, has_template, is_template, over


def check(place: str, node: Run | Wait | Note, library: Library) -> Iterator[Finding]:
    """Yield what is wrong with a node, whatever stands around it."""
    yield from _text(f"{place}.title", node.title, LONGEST_LINE)
    if isinstance(node, Run):
        yield from _run(place, node, library)
    elif isinstance(node, Wait):
        yield from _wait(place, node)
    elif not node.text.strip():
        yield Finding(place=f"{place}.text", sentence="Say something.")
    else:
        yield from _text(f"{place}.text", node.text, LONGEST_TEXT)


def _text(place: str, text: str, longest: int) -> Iterator[Finding]:
    if len(text) > longest:
        yield Finding(place=place, sentence=f"Use at most {longest} characters.")


def _wait(place: str, node: Wait) -> Iterator[Finding]:
    yield from _text(f"{place}.message", node.message, LONGEST_TEXT)
    if (node.seconds is None) == (node.approvals is None):
        sentence = "Say either for how many seconds it waits, or how many approvals it wants."
        yield Finding(place=place, sentence=sentence)
    if node.expires_after is not None and node.approvals is None:
        sentence = "Only what waits for approvals expires. Take it out, or say approvals."
        yield Finding(place=f"{place}.expiresAfter", sentence=sentence)
    for name, number, most in (
        ("seconds", node.seconds, LONGEST_WAIT),
        ("approvals", node.approvals, MOST_APPROVALS),
        ("expiresAfter", node.expires_after, LONGEST_WAIT),
    ):
        yield from _bounds(f"{place}.{name}", number, most)


def _bounds(place: str, number: int | None, most: int) -> Iterator[Finding]:
    if number is not None and not 1 <= number <= most:
        yield Finding(place=place, sentence=f"Must be from 1 to {most}.")


def _run(place: str, node: Run, library: Library) -> Iterator[Finding]:
    if (node.server is None) == (node.for_each is None):
        yield Finding(place=place, sentence="Say where it runs: either on a server or forEach.")
    if node.server is not None:
        yield from _server(f"{place}.server", node.server, library)
    if node.for_each is not None:
        yield from _for_each(f"{place}.forEach", node.for_each, library)
    if (node.runbook is None) == (node.template is None):
        yield Finding(place=place, sentence="Say what it runs: either a runbook or a template.")
    if node.runbook is not None:
        runbook = library.runbook(node.runbook)
        if runbook is None:
            sentence = f"There is no runbook {node.runbook}. Look it up in the library."
            yield Finding(place=f"{place}.runbook", sentence=sentence)
        else:
            yield from _parameters(place, node, SavedTemplate(runbook=runbook))
    elif node.template is not None:
        template = library.template(node.template)
        if template is None:
            sentence = f"There is no template {node.template}. Save it first, or name another."
            yield Finding(place=f"{place}.template", sentence=sentence)
        else:
            yield from _parameters(place, node, template)


def _server(place: str, name: str, library: Library) -> Iterator[Finding]:
    if not is_template(name) and not library.has_server(name):
        sentence = f"There is no server {name}. Add it first, or name another."
        yield Finding(place=place, sentence=sentence)


def _for_each(place: str, spread: ForEach, library: Library) -> Iterator[Finding]:
    yield from _bounds(f"{place}.maxParallel", spread.max_parallel, MOST_SERVERS)
    yield from _bounds(f"{place}.stopAfterFailures", spread.stop_after_failures, MOST_SERVERS)
    if (spread.servers is None) == (spread.group is None):
        yield Finding(place=place, sentence="Name either servers or a group.")
    group = spread.group
    if group is not None and not is_template(group) and not library.has_group(group):
        sentence = f"There is no group {group}. Make it first, or name another."
        yield Finding(place=f"{place}.group", sentence=sentence)
    servers = spread.servers
    if servers is not None and not 1 <= len(servers) <= MOST_SERVERS:
        sentence = f"Name 1 to {MOST_SERVERS} servers."
        yield Finding(place=f"{place}.servers", sentence=sentence)
        return
    for position, name in enumerate(servers or []):
        where = f"{place}.servers[{position}]"
        yield from _server(where, name, library)
        if servers is not None and name in servers[:position]:
            yield Finding(place=where, sentence=f"{name} is named before. Take one out.")


def _parameters(place: str, node: Run, template: SavedTemplate) -> Iterator[Finding]:
    """Yield what the runbook does not take; a template's value is looked at once it is known."""
    where = f"{place}.parameters"
    for name, value in node.parameters.items():
        field = _field(template.runbook, name)
        if field is None:
            continue  # the runbook says so itself
        if option(field, "secret"):
            sentence = (
                "Is a secret, and a workflow is no place for one. Save a template of the runbook "
                "with it, and name that instead of the runbook."
            )
            yield Finding(place=f"{where}.{name}", sentence=sentence)
        try:
            over(value, str)
        except TemplateInvalid as problem:
            yield Finding(place=f"{where}.{name}", sentence=str(problem))
    yield from _refused(where, node.parameters, template)


def _field(runbook: type[Parameters], name: str) -> Any:
    fields = {wire_name(python_name): field for python_name, field in runbook.model_fields.items()}
    field = fields.get(name) or runbook.model_fields.get(name)
    return field if field is not None and is_param(field) else None


def _refused(
    place: str, parameters: Mapping[str, Any], template: SavedTemplate
) -> Iterator[Finding]:
    later = {name for name, value in parameters.items() if has_template(value)}
    raw = {**template.parameters, **parameters}
    plain = {name: value for name, value in raw.items() if name not in later}
    names = set(later) | {wire_name(name) for name in later}
    try:
        template.runbook.checked({**dict.fromkeys(template.secrets, KEPT), **plain})
    except ParametersInvalid as problem:
        for name, sentences in problem.details.items():
            # What is said of several together may be otherwise once all are known.
            if name in names or (name == WHOLE and later):
                continue
            where = place if name == WHOLE else f"{place}.{name}"
            yield Finding(place=where, sentence=" ".join(sentences))
