"""Taking permissions away from the system, or giving them to everybody."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.names import names
from automation.engine.guard.paths import is_file, is_place
from automation.engine.guard.rule import rule

_OWN = re.compile(
    r"^/(?:home|srv|opt)/[\w.-]+$|^/var/(?!lib$|log$|spool$|run$|cache$|mail$|tmp$|lock$)[\w.-]+$"
)
_CLOSED = re.compile(r"^0?[0-7]00$|^0?644$|^go-rwx$|^u=rwx?,go=$")
_KEYS = re.compile(r"/\.ssh(?:/[\w.*-]+)?$")
_SETS_ID = re.compile(r"^0?[4-7]\d{3}$|(?:^|[ugoa,])[ugoa]*\+[rwxX]*s|=[rwxX]*s")
_GROUP_ONLY = re.compile(r"^0?2\d{3}$|(?:^|,)g\+[rwxX]*s|(?:^|,)g=[rwxX]*s")
_FOLDERS = frozenset(
    names("/ /etc /usr /var /home /root /tmp /var/tmp /opt /var/log /var/lib /run")
)
_RIGHTS = re.compile(
    r"setuid|setgid|sys_admin|dac_|sys_ptrace|sys_module|chown|fowner|all[=+]|^=", re.I
)
_SAFE = frozenset(names("/tmp=1777 /var/tmp=1777 /=755 /=0755 /root=700 /root=0700"))  # noqa: S108


def _is_part(path: str) -> bool:
    """Whether it is a part of the system; somebody's home may be given to them."""
    return is_place(path) and not _OWN.match(path)


def _mode(call: Call) -> str:
    given = call.values("-m", "--mode") if call.name == "install" else ()
    return given[0] if given else call.mode()


def _targets(call: Call) -> tuple[str, ...]:
    """Return the paths; without the mode or owner, unless a file gives them."""
    given = call.paths if any(one.startswith("--ref") for one in call.args) else call.paths[1:]
    return call.paths[-1:] if len(call.paths) == 1 else given


RULES = (
    rule(
        "PERMISSIONS_RECURSIVE",
        "chmod chown chgrp setfacl chattr chcon",
        lambda call: call.has("R", "recursive") and any(map(_is_part, call.paths)),
        "It changes who may use a whole part of the system.",
    ),
    rule(
        "PERMISSIONS_FILE",
        "chmod chown chgrp setfacl",
        lambda call: any(
            (is_file(one) or one in _FOLDERS)
            and f"{one}={call.mode()}" not in _SAFE
            and not (_KEYS.search(one) and _CLOSED.match(call.mode()))
            for one in _targets(call)
        ),
        "It changes who may use a file that keeps the server running.",
    ),
    rule(
        "FREEZE_FILE",
        "chattr",
        lambda call: any(is_file(one) or one in _FOLDERS for one in call.paths),
        "It keeps a file from being changed that the server has to change.",
    ),
    rule(
        "SET_USER_ID",
        "chmod install",
        lambda call: bool(_SETS_ID.search(_mode(call))) and not _GROUP_ONLY.search(_mode(call)),
        "It makes a program run as its owner for whoever starts it.",
    ),
    rule(
        "CAPABILITIES",
        "setcap",
        lambda call: bool(_RIGHTS.search(call.text)) and not call.has("rv"),
        "It gives a program the rights of root.",
    ),
)
