"""Locking people out, letting strangers in, and changing what the system is made of."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.names import names
from automation.engine.guard.rule import rule

_SYSTEM = frozenset(
    names(
        """
    root wheel sudo adm ssh sshd daemon bin sys systemd-network messagebus
    """
    )
)
_VITAL = re.compile(
    r"^(lib(c6|c|stdc\+\+6|pam.*|ssl.*|systemd0?)|glibc.*|coreutils|bash|dash|systemd.*|openssh.*|"
    r"kernel.*|linux-image.*|linux|sudo|util-linux|base-files|dpkg|apt|rpm|yum|dnf|zypper|pacman|"
    r"init.*|login|passwd|mount|e2fsprogs|grub.*|filesystem|setup|busybox|musl|apk-tools|"
    r"network-manager|ifupdown|netplan.*|ncurses.*|perl-base|python3-minimal)(:\w+)?$"
)
_REMOVES = ("remove", "purge", "erase", "autoremove", "rm", "del", "autopurge", "uninstall")


def _removes(call: Call) -> bool:
    """Whether a package manager takes away what the system is made of, or by force."""
    removes = bool(set(_REMOVES) & set(call.operands[:1])) or (
        call.name in ("dpkg", "rpm", "pacman")
        and (
            call.flag("-r", "--remove", "-P", "--purge", "-e", "--erase")
            or any(one.startswith("-R") for one in call.args)
        )
    )
    forced = any(one.startswith(("--force-", "--nodeps", "-Rdd")) for one in call.args)
    return removes and (forced or any(_VITAL.match(one) for one in call.operands))


def _names_system(call: Call) -> bool:
    return bool(_SYSTEM & set(call.operands))


RULES = tuple(
    rule(key, programs, holds, explanation, severity=Severity.HOLD)
    for key, programs, holds, explanation in (
        (
            "REMOVE_ACCOUNT",
            "userdel deluser groupdel delgroup gpasswd",
            _names_system,
            "It removes an account that the system needs.",
        ),
        (
            "LOCK_ACCOUNT",
            "usermod passwd chage",
            lambda call: (
                _names_system(call)
                and (
                    call.has("E", "lock", "delete", "expire", "expiredate")
                    or (call.name != "chage" and call.has("Leldus", "shell"))
                )
            ),
            "It locks an account that the system needs.",
        ),
        (
            "SECOND_ROOT",
            "useradd adduser usermod",
            lambda call: "0" in call.values("-u", "--uid") or call.has("o", "non-unique"),
            "It makes another account root.",
        ),
        (
            "SET_PASSWORDS",
            "chpasswd newusers",
            lambda call: (
                call.stdin is not None and any("root" in one or "\0" in one for one in call.stdin)
            ),
            "It sets the password of root, or nobody can tell of whom.",
        ),
        (
            "REMOVE_SCHEDULE",
            "crontab",
            lambda call: call.has("r") or bool(set(call.operands) & {"/dev/null", "-"}),
            "It removes what is scheduled.",
        ),
        (
            "REMOVE_SYSTEM_PACKAGE",
            "apt apt-get aptitude dpkg yum dnf zypper pacman rpm apk microdnf",
            _removes,
            "It removes a package that the system can't do without.",
        ),
        (
            "REMOVE_ALTERNATIVES",
            "update-alternatives",
            lambda call: call.flag("--remove-all"),
            "It takes away a program that others need.",
        ),
        (
            "SET_CLOCK",
            "date hwclock timedatectl",
            lambda call: (
                (call.name == "date" and call.has("s", "set"))
                or (call.name == "hwclock" and call.flag("--set", "-w", "--systohc"))
                or call.verb("set-time")
            ),
            "It sets the clock, which breaks certificates, logs and databases.",
        ),
        ("WIPE_HISTORY", "history", lambda call: call.has("cw"), "It hides what was done."),
        (
            "WIPE_JOURNAL",
            "journalctl",
            lambda call: any(
                re.fullmatch(r"\d+(s|m|min|h|K?)", one)
                for one in call.values("--vacuum-time", "--vacuum-size", "--vacuum-files")
            ),
            "It removes the server's journal.",
        ),
    )
)
