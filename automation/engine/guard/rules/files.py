"""Writing over files that keep the server running, or keep strangers out."""

from automation.engine.guard.names import names
from automation.engine.guard.paths import is_file
from automation.engine.guard.rule import rule
from automation.engine.guard.written import PROGRAMS, written

_OPEN = names("/tmp /var/tmp /dev/shm . ~/tmp")  # noqa: S108 - to compare with
_CODE_FIRST = frozenset(
    names(
        """
    LD_PRELOAD LD_AUDIT BASH_ENV ENV PERL5OPT PERL5DB PYTHONSTARTUP RUBYOPT GCONV_PATH
    GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND LESSOPEN LESSCLOSE
    """
    )
)
_SEARCHED = frozenset(names("PATH LD_LIBRARY_PATH PYTHONPATH PERL5LIB RUBYLIB NODE_PATH"))


def _runs_first(name: str, value: str) -> bool:
    """Whether a variable makes programs run code that lies where everybody may write."""
    if name in _CODE_FIRST:
        return value != ""
    if name == "NODE_OPTIONS":
        return "--require" in value or "--import" in value or "-r " in value
    return name in _SEARCHED and any(
        one.rstrip("/") in _OPEN or one.startswith(tuple(f"{open_}/" for open_ in _OPEN[:3]))
        for one in value.split(":")[:1]
    )


RULES = (
    rule(
        "WRITE_SYSTEM_FILE",
        PROGRAMS,
        lambda call: any(map(is_file, written(call))),
        "It writes to a file that keeps the server running, or keeps strangers out.",
    ),
    rule(
        "PRELOAD",
        "=",
        lambda call: _runs_first(*call.args[:2]),
        "It makes each program run somebody else's code first.",
    ),
    rule(
        "PRELOAD_THROUGH",
        "env sudo doas systemd-run",
        lambda call: any(
            _runs_first(name, value) for name, _, value in (one.partition("=") for one in call.args)
        ),
        "It makes each program run somebody else's code first.",
    ),
    rule(
        "EDIT_SUDOERS",
        "visudo vipw vigr",
        lambda call: not call.has("cV", "check"),
        "It edits who may do what.",
    ),
)
