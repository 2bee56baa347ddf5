"""Tells which paths of a server no runbook may clean, whatever name it reaches them by."""

from automation.engine import Run

PROTECTED = (
    *("/", "/root", "/home", "/etc", "/usr", "/boot", "/bin", "/sbin", "/dev", "/proc", "/sys"),
    *("/lib", "/lib32", "/lib64", "/libx32"),
)
"""With all that is in them; of ``/`` only itself, since all is in it."""


def protector_of(path: str) -> str:
    """Return the protected path that this one is, or lies in; empty when there is none.

    ``path`` is absolute and without ``..``, as ``AbsolutePath`` and ``readlink -f`` give it. Each
    ``/lib*`` is protected, also one that is not in :data:`PROTECTED`.
    """
    first = f"/{path.split('/')[1]}"
    return first if first in PROTECTED or first.startswith("/lib") else ""


def resolved(run: Run, path: str) -> str:
    """Return where a path leads on the server, links followed.

    Raises ``ValidationFailed`` when that is protected, by its own name or because a protected
    path is itself a link to it, lies in it or around it.
    """
    _refuse(run, path, protector_of(path), leads="")
    answer = run.read("readlink", "-f", "--", path, *PROTECTED, sudo=True, ok=(0, 1)).stdout
    lines = answer.splitlines()
    plain = all(line.startswith("/") and line.isprintable() for line in lines)
    run.validate(
        plain and len(lines) == 1 + len(PROTECTED),
        f"It can be told where {path} leads",
        otherwise=f"It can't be told where {path} leads on this server. "
        "See whether it exists, and whether a link in it goes round in circles.",
    )
    target, *protected = lines
    leads = "" if target == path else f" leads to {target}, which"
    guard = protector_of(target) or next(
        (place for place in protected if place != "/" and _overlap(target, place)), ""
    )
    _refuse(run, path, guard, leads)
    return target


def _refuse(run: Run, path: str, guard: str, leads: str) -> None:
    run.validate(
        not guard,
        f"{path}{leads} is not protected",
        otherwise=f"{path}{leads} is protected ({guard}): nothing is cleaned there. "
        "Give the folder of the files themselves, such as /var/log/nginx.",
    )


def _overlap(one: str, other: str) -> bool:
    """Say whether one path is the other, or lies in it."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
