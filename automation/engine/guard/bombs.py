"""Finds shell code that starts itself, or others, beside itself without end."""

from collections.abc import Iterator
from typing import Any

from automation.engine.guard.parsing import Node

_WAITS = frozenset(("sleep", "wait", "read", "usleep", "inotifywait"))


def forks(node: Any, name: str, *, is_apart: bool = False) -> bool:
    """Whether a function's body starts the function again beside itself."""
    if isinstance(node, list):
        return any(forks(one, name, is_apart=is_apart) for one in node)
    if not isinstance(node, dict):
        return False
    if node.get("Type") == "CallExpr" and is_apart and _first_word(node) == name:
        return True
    apart = is_apart or bool(node.get("Background")) or node.get("Op") in ("|", "|&")
    return any(forks(one, name, is_apart=apart) for one in node.values())


def is_endless(loop: Node) -> bool:
    """Whether a loop never ends and starts something beside itself each time, without a pause."""
    if loop["Type"] == "WhileClause":
        condition = loop.get("Cond", [])
        words = [_first_word(one.get("Cmd") or {}) for one in condition]
        endless = words == [("false" if loop.get("Until") else "true")] or words == [":"]
    else:
        endless = loop["Type"] == "ForClause" and (
            loop["Loop"]["Type"] == "CStyleLoop" and "Cond" not in loop["Loop"]
        )
    body = loop.get("Do", [])
    return (
        endless
        and any(one.get("Background") for one in _below(body))
        and not any(
            _first_word(one.get("Cmd") or {}) in _WAITS and not one.get("Background")
            for one in body
        )
    )


def _below(node: Any) -> Iterator[Node]:
    """Go through all nodes at and below one."""
    if isinstance(node, list):
        for one in node:
            yield from _below(one)
    elif isinstance(node, dict):
        yield node
        yield from _below(list(node.values()))


def _first_word(call: Node) -> str:
    parts = (call.get("Args") or [{}])[0].get("Parts", [{}])
    return str(parts[0].get("Value", "")) if len(parts) == 1 else ""
