"""Changing a workflow bit by bit, as a page does: each function returns the workflow thereafter.

What comes out need not make sense as a whole yet; :func:`automation.workflows.check` says so.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from automation.workflows.definition import (
    LONGEST_NAME,
    Definition,
    Edge,
    Input,
    Note,
    On,
    Run,
    Wait,
)

_KEY_FOR_NOTHING: Final = "step"


@dataclass(frozen=True, kw_only=True)
class Follow:
    """After what a node comes: an edge by its beginning."""

    source: str
    on: On = On.SUCCESS
    when: str = ""


def empty(name: str = "") -> Definition:
    """Return a workflow that does nothing yet."""
    return Definition(name=name, nodes={})


def described(definition: Definition, *, name: str, description: str) -> Definition:
    """Return the workflow with this name and description."""
    return definition.model_copy(update={"name": name, "description": description})


def with_inputs(definition: Definition, inputs: Sequence[Input]) -> Definition:
    """Return the workflow with these inputs."""
    return definition.model_copy(update={"inputs": list(inputs)})


def follows_of(definition: Definition, key: str) -> list[Follow]:
    """Return after what a node comes."""
    return [
        Follow(source=edge.from_, on=edge.on, when=edge.when or "")
        for edge in definition.edges
        if edge.to == key
    ]


def put(
    definition: Definition,
    key: str,
    node: Run | Wait | Note,
    follows: Sequence[Follow],
    *,
    instead_of: str | None = None,
) -> Definition:
    """Return the workflow with a node, and the edges that lead to it.

    ``instead_of`` is the node whose place it takes, itself or another by its key; the edges that
    led on from that one lead on from this. Conditions that name it are left as they are.
    """
    if instead_of in definition.nodes:
        nodes = {
            (key if each == instead_of else each): (node if each == instead_of else other)
            for each, other in definition.nodes.items()
        }
    else:
        nodes = {**definition.nodes, key: node}
    edges: list[Edge] = []
    place: int | None = None
    for edge in definition.edges:
        if edge.to == instead_of:
            place = len(edges) if place is None else place
        else:
            edges.append(edge)
    place = len(edges) if place is None else place
    edges[place:place] = [
        Edge(from_=follow.source, to=key, on=follow.on, when=follow.when or None)
        for follow in follows
    ]
    if instead_of is not None and instead_of != key:
        edges = [
            edge.model_copy(update={"from_": key}) if edge.from_ == instead_of else edge
            for edge in edges
        ]
    return definition.model_copy(update={"nodes": nodes, "edges": edges})


def without(definition: Definition, key: str) -> Definition:
    """Return the workflow without a node and the edges that lead to it or from it."""
    return definition.model_copy(
        update={
            "nodes": {each: node for each, node in definition.nodes.items() if each != key},
            "edges": [edge for edge in definition.edges if key not in (edge.from_, edge.to)],
        }
    )


def free_key(definition: Definition, words: str) -> str:
    """Return a key for a new node, made of its title or of what it does."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_0123456789")[: LONGEST_NAME - 4].rstrip("_")
    stem = stem or _KEY_FOR_NOTHING
    number, key = 1, stem
    while key in definition.nodes:
        number += 1
        key = f"{stem}_{number}"
    return key
