"""Taking permissions away from the system, or giving them to everybody."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.names import names
from automation.engine.guard.paths import is_core, is_file, is_place
from automation.engine.guard.rule import rule

_OPEN = names("/tmp/ /var/tmp/ /dev/shm/")  # noqa: S108 - to compare with
"""Where everybody may put a program."""
_SETS_ID = re.compile(r"^0?[4-7]\d{3}$|\+[rwx]*s|=[rwx]*s")


def _targets(call: Call) -> tuple[str, ...]:
    """Return the paths; without the mode or owner, unless a file gives them."""
    given = call.paths if any(one.startswith("--ref") for one in call.args) else call.paths[1:]
    return call.paths[-1:] if len(call.paths) == 1 else given


RULES = (
    rule(
        "PERMISSIONS_RECURSIVE",
        "chmod chown chgrp setfacl chattr chcon",
        lambda call: call.has("R", "recursive") and any(map(is_place, call.paths)),
        "It changes who may use a whole part of the system.",
    ),
    rule(
        "PERMISSIONS_FILE",
        "chmod chown chgrp setfacl",
        lambda call: any(is_file(one) or one == "/" for one in _targets(call)),
        "It changes who may use a file that keeps the server running.",
    ),
    rule(
        "FREEZE_FILE",
        "chattr",
        lambda call: any(is_file(one) for one in call.paths),
        "It keeps a file from being changed that the server has to change.",
    ),
    rule(
        "SET_USER_ID",
        "chmod",
        lambda call: (
            bool(_SETS_ID.search(call.mode()))
            and any(is_core(one) or one.startswith(_OPEN) for one in _targets(call))
        ),
        "It makes a program run as its owner for whoever starts it.",
    ),
    rule(
        "CAPABILITIES",
        "setcap",
        lambda call: any(map(is_core, call.paths)) or "setuid" in call.text,
        "It gives a program the rights of root.",
    ),
)
