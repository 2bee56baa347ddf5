"""What well-known programs print, so far as their words tell it."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.inner import find_starts, finds_some
from automation.engine.guard.names import names
from automation.engine.guard.words import ANY, escapes

_QUIET = frozenset(
    names(
        """
    ssh-agent dircolors brew direnv cd true : test [ set export
    """
    )
)


def output_of(call: Call) -> tuple[str, ...]:  # noqa: C901 - one case a program
    """Return what a call may print; unknown text where nobody can tell."""
    match call.name:
        case "echo":
            text = " ".join(one for one in call.args if not re.fullmatch(r"-[neE]+", one))
            return (f"{escapes(text) if call.has('e') else text}\n",)
        case "printf":
            return (_formatted(call.operands),)
        case "cat" | "tee" if not call.operands or call.name == "tee":
            return call.stdin or (ANY,)
        case "dirname":
            return tuple(one.rstrip("/").rpartition("/")[0] or "/" for one in call.operands)
        case "ls" | "readlink" | "realpath" | "which" | "command" | "type":
            return ("\n".join(call.operands) or ANY,)
        case "pgrep" | "pidof":
            return tuple(f"pgrep:{one}" for one in call.operands) or (ANY,)
        case "find":
            every = ANY if finds_some(call) else "*"
            return tuple(f"{one.rstrip('/')}/{every}" for one in find_starts(call))
        case "mktemp":
            return (f"/tmp/{ANY}",)  # noqa: S108 - where it would be
        case "pwd":
            return (call.at,)
        case name if name in _QUIET:
            return ("",)
        case _:
            return (ANY,)


def _formatted(operands: tuple[str, ...]) -> str:
    """Return what printf makes of its format and arguments."""
    if not operands:
        return ""
    form, *rest = operands
    values = iter(rest)
    made = re.sub(r"%[-\d.]*[bsdqi]", lambda _: next(values, ""), escapes(form))
    left = tuple(values)
    return made + (_formatted((form, *left)) if 0 < len(left) < len(rest) else "")
