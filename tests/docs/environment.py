"""Which variables of the environment the code reads, found in the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.fences import PROJECT

READERS = (
    "text",
    "integer",
    "flag",
    "words",
    "networks",
    "zones",
    "database",
    "redis",
    "rsa_key",
    "rsa_public_keys",
    "syslog",
    "credential_keys",
)
REQUIRED = "*required*"

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")


def settings() -> dict[str, str]:
    """Return what :mod:`opsmanager.settings.env` is asked for: defaults, as text, by names."""
    found = {}
    for path in [*(PROJECT / "opsmanager").rglob("*.py")]:
        for call in _calls(path):
            if not _is_reader(call.func):
                continue
            if call.func.attr == "credential_keys":  # type: ignore[attr-defined]
                # A pair of variables, both of which may be left out.
                found |= {ast.literal_eval(each): "" for each in call.args}
            elif call.args:
                name = ast.literal_eval(call.args[0])
                found[name] = _default(call)
            else:
                found[f"{call.func.attr.upper()}_URL"] = REQUIRED  # type: ignore[attr-defined]
    return found


def words_of_embedded() -> set[str]:
    """Return each text in capital letters that the code of `make run` holds.

    Of the demo servers only their command's: they are given next to nothing of the environment.
    """
    folder = PROJECT / "opsmanager" / "embedded"
    return {
        node.value
        for path in [*folder.glob("*.py"), folder / "demo" / "__main__.py"]
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _VARIABLE.fullmatch(node.value)
    }


def _default(call: ast.Call) -> str:
    reader = call.func.attr  # type: ignore[attr-defined]
    given = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "default")]
    if not given:
        optional = ("words", "networks", "zones", "rsa_key", "rsa_public_keys", "syslog")
        return "" if reader in optional else REQUIRED
    node = given[0]
    if not isinstance(node, ast.Constant):
        return ast.unparse(node)
    value = node.value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_reader(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "env"
        and function.attr in READERS
    )


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
