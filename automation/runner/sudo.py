"""Tells a refusal of sudo from a failure of the command that was to run under it."""

from automation.engine.errors import SudoUnavailable
from automation.engine.results import CommandResult

# What sudo and the shell say, with LC_ALL=C, and what it means for people.
_SAYINGS = (
    (
        ("a password is required", "a terminal is required"),
        (
            "sudo on {server} wants a password from {user}. Allow it without one (NOPASSWD in "
            "/etc/sudoers.d), or let OpsManager log in as root."
        ),
    ),
    (
        ("is not allowed to execute", "is not in the sudoers file", "may not run sudo"),
        (
            "sudo on {server} does not let {user} run this. Allow it in /etc/sudoers.d, or let "
            "OpsManager log in as root."
        ),
    ),
    (
        ("sudo: not found", "sudo: command not found", "sudo: No such file"),
        (
            "This needs root: {user} is not root on {server}, and there is no sudo. Install sudo "
            "there, or let OpsManager log in as root."
        ),
    ),
)


def require_allowed(result: CommandResult, *, server: str, user: str) -> None:
    """Raise ``SudoUnavailable`` when it was sudo that refused, before the command began."""
    if result.ok:
        return
    said = [line for line in result.stderr.splitlines()[:5] if "sudo" in line or "Sorry," in line]
    for phrases, sentence in _SAYINGS:
        if any(phrase in line for phrase in phrases for line in said):
            raise SudoUnavailable(sentence.format(server=server, user=user))
