"""Checks the conditions and templates of a workflow: can they be read, is what they name known."""

import difflib
from collections.abc import Collection, Iterator
from typing import Any

from automation.workflows import expressions
from automation.workflows.definition import Definition, Edge, Note, Run, Wait
from automation.workflows.errors import Finding
from automation.workflows.expressions import Reference
from automation.workflows.graph import Graph
from automation.workflows.state import RESULT_PARTS
from opsmanager.common.sandbox import DEEPEST, TemplateInvalid


def of_node(place: str, key: str, definition: Definition, graph: Graph) -> Iterator[Finding]:
    """Yield what is wrong with the templates of a node."""
    # Of a node behind a cycle nothing is surely before; the cycle is told by itself.
    before = graph.surely_before.get(key)
    for where, text in _texts(place, definition.nodes[key]):
        try:
            references = expressions.references_of_template(text)
        except TemplateInvalid as problem:
            yield Finding(place=where, sentence=str(problem))
            continue
        for reference in references:
            yield from _unknown(where, reference, definition, before)


def of_edge(place: str, edge: Edge, definition: Definition, graph: Graph) -> Iterator[Finding]:
    """Yield what is wrong with the condition of an edge."""
    if edge.when is None:
        return
    where = f"{place}.when"
    try:
        references = expressions.references_of_condition(edge.when)
    except TemplateInvalid as problem:
        yield Finding(place=where, sentence=str(problem))
        return
    before = graph.surely_before.get(edge.from_)
    before = None if before is None else before | {edge.from_}
    for reference in references:
        yield from _unknown(where, reference, definition, before)


def _texts(place: str, node: Run | Wait | Note) -> Iterator[tuple[str, str]]:
    """Yield every text of a node that may be a template, with its place."""
    if isinstance(node, Note):
        yield f"{place}.text", node.text
    elif isinstance(node, Wait):
        yield f"{place}.message", node.message
    else:
        yield from _texts_of_run(place, node)


def _texts_of_run(place: str, node: Run) -> Iterator[tuple[str, str]]:
    yield f"{place}.server", node.server or ""
    if node.for_each is not None:
        yield f"{place}.forEach.group", node.for_each.group or ""
        for position, server in enumerate(node.for_each.servers or []):
            yield f"{place}.forEach.servers[{position}]", server
    for name, value in node.parameters.items():
        yield from _texts_within(f"{place}.parameters.{name}", value, 0)


def _texts_within(place: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        return  # which is told where parameters are checked
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts_within(f"{place}.{name}", inner, depth + 1)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts_within(f"{place}[{position}]", inner, depth + 1)


def _unknown(
    place: str, reference: Reference, definition: Definition, before: Collection[str] | None
) -> Iterator[Finding]:
    """Yield what is wrong with a name; ``before`` are the nodes whose results are surely there."""
    sentence: str | None = None
    if reference.root == "inputs":
        names = [wanted.name for wanted in definition.inputs]
        if reference.name not in names:
            sentence = f"There is no input {reference.name}.{_hint(reference.name, names)}"
    elif reference.name not in definition.nodes:
        hint = _hint(reference.name, list(definition.nodes))
        sentence = f"There is no node {reference.name}.{hint}"
    elif before is not None and reference.name not in before:
        sentence = (
            f"{reference.name} has not surely ended by then, so its result may not be there. "
            f"Let edges lead from {reference.name} to here."
        )
    elif reference.part is not None and reference.part not in RESULT_PARTS:
        known = ", ".join(RESULT_PARTS)
        sentence = f"A result has no {reference.part}. Use one of {known}."
    if sentence is not None:
        yield Finding(place=place, sentence=sentence)


def _hint(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else " Look for a slip in its name."
