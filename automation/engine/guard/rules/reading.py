"""What certainly changes a server, and so must not be announced as reading."""

from automation.engine.guard.decision import Severity
from automation.engine.guard.finds import search
from automation.engine.guard.names import names
from automation.engine.guard.rule import rule

_ASKS = ("--help", "--version", "-V", "-n", "--dry-run")
_UNITS = frozenset(
    names(
        """
    start stop restart reload try-restart reload-or-restart enable disable mask unmask
    kill daemon-reload daemon-reexec isolate set-default edit revert reset-failed
    """
    )
)
_HARMLESS = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd/", "/proc/self/fd/")
_CHANGERS = (
    "rm rmdir unlink shred mv cp ln mkdir touch truncate chmod chown chgrp install mkfs mkfs.* "
    "mkswap mknod wipefs chattr setfacl setcap"
)
_EXPLANATION = "It changes the server, but the runbook says that it only reads: use run.change."

RULES = tuple(
    rule(key, programs, holds, _EXPLANATION, severity=Severity.READING)
    for key, programs, holds in (
        (
            "READ_CHANGES_FILES",
            _CHANGERS,
            lambda call: bool(call.operands) and not call.flag(*_ASKS),
        ),
        (
            "READ_CHANGES_DISKS",
            "dd",
            lambda call: any(not one.startswith(_HARMLESS) for one in call.settings("of")),
        ),
        ("READ_WRITES", ">", lambda call: not call.path(call.args[0]).startswith(_HARMLESS)),
        ("READ_TEES", "tee", lambda call: any(not one.startswith(_HARMLESS) for one in call.paths)),
        (
            "READ_DELETES_FOUND",
            "find",
            lambda call: search(call).deletes or bool(search(call).written),
        ),
        (
            "READ_EDITS",
            "sed gsed",
            lambda call: any(one.startswith(("-i", "--in-place")) for one in call.args),
        ),
        ("READ_CHANGES_UNITS", "systemctl", lambda call: bool(_UNITS & set(call.operands[:1]))),
        (
            "READ_CHANGES_SERVICE",
            "service rc-service",
            lambda call: bool({"start", "stop", "restart", "reload"} & set(call.operands[1:2])),
        ),
        (
            "READ_SIGNALS",
            "kill pkill killall",
            lambda call: bool(call.operands) and not call.flag("-0", "-l", "-L", "--list"),
        ),
        (
            "READ_CHANGES_ACCOUNTS",
            "useradd userdel usermod adduser deluser groupadd groupdel chpasswd",
            lambda call: not call.flag(*_ASKS[:2]),
        ),
    )
)
