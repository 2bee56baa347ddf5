"""Builds the shell text that is fed to a server's ``/bin/sh``."""

import shlex
from functools import cache
from importlib.resources import files
from uuid import UUID

SHELL = "exec /bin/sh"
"""What the login shell is asked to do: words that mean the same in sh, fish and tcsh."""

OWN_SESSION_SHELL = "exec setsid -w /bin/sh"
"""The same where the server does not give each command a session of its own."""


@cache
def load(name: str) -> str:
    """Return a script of :mod:`servers.ssh.scripts` without its comments."""
    text = files("servers.ssh.scripts").joinpath(f"{name}.sh").read_text(encoding="utf-8")
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


def call(name: str, *arguments: str) -> str:
    """Return shell text that runs a script with arguments."""
    return shlex.join(("/bin/sh", "-c", load(name), name, *arguments))


def wrap(
    text: str,
    *,
    action_id: UUID,
    stdin: str = "",
    recorded: bool = False,
    limit: int | None = None,
    kill_after: int = 10,
) -> bytes:
    """Return the whole script that runs ``text`` on the server; see ``scripts/run.sh``.

    ``limit`` and ``kill_after`` are in seconds. Text that came from undecodable bytes (surrogate
    escapes) becomes those bytes again. Raises ``ValueError`` for text that no shell can hold.
    """
    _check(text, stdin)
    assignments = {
        "opsm_id": str(action_id),
        "opsm_text": text,
        "opsm_input": stdin,
        "opsm_recorded": "1" if recorded else "",
        "opsm_limit": "" if limit is None else str(limit),
        "opsm_kill_after": str(kill_after),
    }
    head = "\n".join(f"{name}={shlex.quote(value)}" for name, value in assignments.items())
    return f"{{\n{head}\n{load('run')}\n}}\n".encode("utf-8", "surrogateescape")


@cache
def shared() -> bytes:
    """Return what a shell is told that runs one command after the other."""
    return f"{load('shared')}\n".encode()


def one(text: str, *, action_id: UUID, word: str) -> bytes:
    """Return what such a shell is told to run ``text``, a program with its arguments.

    ``word`` ends its output. Raises ``ValueError`` as :func:`wrap` does.
    """
    _check(text)
    call = shlex.join(("opsm_one", str(action_id), word, text))
    return f"{call}\n".encode("utf-8", "surrogateescape")


def _check(*texts: str) -> None:
    if any("\0" in text for text in texts):
        raise ValueError("A command and its standard input cannot contain NUL characters.")
