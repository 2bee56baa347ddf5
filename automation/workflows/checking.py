"""Judges a workflow as a whole, and says all that is wrong with it at once."""

import re
from collections.abc import Iterator
from typing import Final

from automation.workflows import checking_expressions, checking_nodes
from automation.workflows.definition import (
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_EDGES,
    MOST_INPUTS,
    MOST_NODES,
    Definition,
)
from automation.workflows.errors import DefinitionInvalid, Finding
from automation.workflows.graph import Graph
from automation.workflows.inputs import problem_of
from automation.workflows.library import Library

_KEY: Final = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}")
_INPUT: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}")


def check(definition: Definition, library: Library) -> list[Finding]:
    """Return all that is wrong with a workflow, in the order in which it is written."""
    too_many = list(_too_many(definition))
    if too_many:
        return too_many
    graph = Graph.of(definition)
    return [
        *_head(definition),
        *_inputs(definition),
        *_nodes(definition, graph, library),
        *_edges(definition, graph),
        *_cycles(graph),
    ]


def require(definition: Definition, library: Library) -> None:
    """Raise :class:`DefinitionInvalid` with all that :func:`check` finds."""
    findings = check(definition, library)
    if findings:
        raise DefinitionInvalid(findings)


def _too_many(definition: Definition) -> Iterator[Finding]:
    for place, count, most in (
        ("inputs", len(definition.inputs), MOST_INPUTS),
        ("nodes", len(definition.nodes), MOST_NODES),
        ("edges", len(definition.edges), MOST_EDGES),
    ):
        if count > most:
            sentence = f"There are {count}. Use at most {most}, or make two workflows of it."
            yield Finding(place=place, sentence=sentence)
    if not definition.nodes:
        yield Finding(place="nodes", sentence="There is none. Add at least one.")


def _head(definition: Definition) -> Iterator[Finding]:
    if not 0 < len(definition.name.strip()) <= LONGEST_LINE:
        yield Finding(place="name", sentence=f"Give it a name of 1 to {LONGEST_LINE} characters.")
    if len(definition.description) > LONGEST_TEXT:
        sentence = f"Use at most {LONGEST_TEXT} characters."
        yield Finding(place="description", sentence=sentence)


def _inputs(definition: Definition) -> Iterator[Finding]:
    names: set[str] = set()
    for position, wanted in enumerate(definition.inputs):
        place = f"inputs[{position}]"
        if not _INPUT.fullmatch(wanted.name):
            sentence = "Begin it with a letter, and use letters, digits and _ only, such as server."
            yield Finding(place=f"{place}.name", sentence=sentence)
        if wanted.name in names:
            sentence = f"There is an input {wanted.name} already. Give one of them another name."
            yield Finding(place=f"{place}.name", sentence=sentence)
        names.add(wanted.name)
        if len(wanted.help) > LONGEST_LINE:
            yield Finding(place=f"{place}.help", sentence=f"Use at most {LONGEST_LINE} characters.")
        if wanted.default is None:
            continue
        if wanted.required:
            sentence = "A required input has no default. Take one of both out."
            yield Finding(place=f"{place}.default", sentence=sentence)
        problem = problem_of(wanted.type, wanted.default)
        if problem:
            yield Finding(place=f"{place}.default", sentence=problem)


def _nodes(definition: Definition, graph: Graph, library: Library) -> Iterator[Finding]:
    for key, node in definition.nodes.items():
        place = f"nodes.{key}"
        if not _KEY.fullmatch(key):
            sentence = (
                "Begin a node's key with a small letter, and use small letters, digits and _ only, "
                "such as clean_up; conditions name it."
            )
            yield Finding(place=place, sentence=sentence)
        yield from checking_nodes.check(place, node, library)
        yield from checking_expressions.of_node(place, key, definition, graph)


def _edges(definition: Definition, graph: Graph) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str, str | None], int] = {}
    for position, edge in enumerate(definition.edges):
        place = f"edges[{position}]"
        for end, key in (("from", edge.from_), ("to", edge.to)):
            if key not in definition.nodes:
                sentence = f"There is no node {key}. Name one of the nodes by its key."
                yield Finding(place=f"{place}.{end}", sentence=sentence)
        first = seen.setdefault((edge.from_, edge.to, edge.on, edge.when), position)
        if first != position:
            yield Finding(place=place, sentence=f"Is the same as edges[{first}]. Take one out.")
        yield from checking_expressions.of_edge(place, edge, definition, graph)


def _cycles(graph: Graph) -> Iterator[Finding]:
    cycles = graph.cycles()
    for cycle in cycles:
        way = " → ".join((*cycle, cycle[0]))
        sentence = f"These wait for one another: {way}. Take one of the edges out."
        yield Finding(place="edges", sentence=sentence)
    within = {key for cycle in cycles for key in cycle}
    for key in sorted(set(graph.joins) - set(graph.order) - within):
        sentence = "Can't be reached: it waits for nodes that wait for one another."
        yield Finding(place=f"nodes.{key}", sentence=sentence)
