"""Locking people out, letting strangers in, and changing what the system is made of."""

import re
from fnmatch import fnmatchcase

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.names import names
from automation.engine.guard.rule import rule

_SYSTEM = frozenset(
    names(
        """
    root wheel sudo adm ssh sshd daemon bin sys systemd-network messagebus shadow 0 toor
    opsmanager
    """
    )
)
_POWERFUL = frozenset(names("root wheel sudo admin shadow disk"))
_PACKAGES = names(
    """
    libc6 glibc coreutils bash systemd openssh-server linux-image-amd64 kernel sudo util-linux dpkg
    """
)
_VITAL = re.compile(
    r"^(lib(c6|c|stdc\+\+6|pam.*|ssl.*|systemd0?)|glibc.*|coreutils|bash|dash|systemd.*|openssh.*|"
    r"kernel.*|linux-image.*|linux|sudo|util-linux|base-files|dpkg|apt|rpm|yum|dnf|zypper|pacman|"
    r"init.*|login|alpine-base\w*|apparmor|base-passwd|libpam.*|snapd|core\d*|passwd|mount|e2fsprogs|grub.*|filesystem|setup|busybox|musl|apk-tools|"
    r"network-manager|ifupdown|netplan.*|ncurses.*|perl-base|python3-minimal)(:\w+)?$"
)
_REMOVES = ("remove", "purge", "erase", "autoremove", "rm", "del", "autopurge", "uninstall")


def _removes(call: Call) -> bool:
    """Whether a package manager takes away what the system is made of, or by force."""
    removes = bool(set(_REMOVES) & set(call.operands[:2])) or (
        call.name in ("dpkg", "rpm", "pacman", "opkg")
        and (
            call.has("rP" if call.name == "dpkg" else "e" if call.name == "rpm" else "R")
            or call.flag("--remove", "--purge", "--erase")
        )
    )
    forced = any(
        one.startswith(("--force-", "--nodeps", "-Rdd", "--allow-remove-e", "--allowerasing"))
        or re.match(r"^-R\w*d\w*d", one)
        for one in call.args
    )
    if call.verb("install") and any(
        one.endswith("-") and _VITAL.match(one[:-1]) for one in call.operands[1:]
    ):
        return True
    return removes and (forced or any(map(_is_system_package, call.operands)))


def _is_system_package(name: str) -> bool:
    """Whether a package, or a pattern for some, is part of what the system is made of."""
    is_pattern = any(one in name for one in "*?[^$")
    return bool(_VITAL.match(name.rstrip("-"))) or (
        is_pattern
        and any(
            fnmatchcase(one, name) or fnmatchcase(one, f"{name.strip('^$')}") for one in _PACKAGES
        )
    )


def _names_system(call: Call) -> bool:
    return bool(_SYSTEM & set(call.operands))


RULES = tuple(
    rule(key, programs, holds, explanation, severity=Severity.HOLD)
    for key, programs, holds, explanation in (
        (
            "REMOVE_ACCOUNT",
            "userdel deluser groupdel delgroup groupmod",
            _names_system,
            "It removes an account that the system needs.",
        ),
        (
            "GIVE_RIGHTS",
            "usermod gpasswd adduser useradd groupmems",
            lambda call: bool(
                _POWERFUL
                & {
                    part
                    for one in (
                        *call.values("-G", "-g", "--groups", "--gid", "-aG"),
                        *(call.operands[1:2] if call.name in ("gpasswd", "adduser") else ()),
                    )
                    for part in one.split(",")
                }
            ),
            "It gives an account the rights of root.",
        ),
        (
            "LOCK_ACCOUNT",
            "usermod passwd chage chsh faillock pam_tally2 lastlog",
            lambda call: (
                _names_system(call)
                and (
                    call.has("E", "lock", "delete", "expire", "expiredate", "maxdays")
                    or (call.name == "chage" and call.has("Md"))
                    or (
                        call.name in ("usermod", "passwd", "chsh")
                        and call.has("LeldusmpUf", "shell", "login", "password", "home", "stdin")
                    )
                    or (call.name == "passwd" and not call.has("S", "status"))
                )
            ),
            "It locks an account that the system needs.",
        ),
        (
            "SECOND_ROOT",
            "useradd adduser usermod",
            lambda call: (
                "0" in (*call.values("-u", "--uid"), *call.values("-ou"))
                or call.has("o", "non-unique")
            ),
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
            lambda call: (
                call.has("r")
                or bool(set(call.operands) & {"/dev/null", "-", "/dev/stdin"})
                or (not call.args and call.stdin is not None)
            ),
            "It removes what is scheduled.",
        ),
        (
            "REMOVE_SYSTEM_PACKAGE",
            "apt apt-get aptitude dpkg yum dnf dnf5 tdnf zypper pacman rpm apk microdnf opkg snap",
            _removes,
            "It removes a package that the system can't do without.",
        ),
        (
            "REMOVE_ALTERNATIVES",
            "update-alternatives",
            lambda call: (
                call.flag("--remove-all")
                or (call.flag("--remove") and bool({"sh", "awk", "python3"} & set(call.operands)))
            ),
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
        (
            "WIPE_HISTORY",
            "history fc unset set shopt",
            lambda call: (
                (call.name == "history" and call.has("cwd"))
                or (call.name == "unset" and bool({"HISTFILE", "HISTSIZE"} & set(call.operands)))
                or (call.name == "set" and call.args[:2] == ("+o", "history"))
                or (call.name == "shopt" and "histappend" in call.args and call.has("u"))
            ),
            "It hides what was done.",
        ),
        (
            "WIPE_HISTORY",
            "=",
            lambda call: (
                (call.args[0] == "HISTFILE" and call.args[1] in ("", "/dev/null"))
                or (call.args[0] in ("HISTSIZE", "HISTFILESIZE") and call.args[1] == "0")
            ),
            "It hides what was done.",
        ),
        (
            "WIPE_JOURNAL",
            "journalctl",
            lambda call: any(
                re.fullmatch(
                    r"\d+\s*(s|sec\w*|m|min\w*|h|hours?|K|B|us|ms|1?)?|[1-9]M|1d|1day", one
                )
                for one in call.values("--vacuum-time", "--vacuum-size", "--vacuum-files")
            ),
            "It removes the server's journal.",
        ),
        (
            "WIPE_KERNEL_LOG",
            "dmesg utmpdump lastlog faillock",
            lambda call: (
                (call.name == "dmesg" and call.has("cC", "clear", "read-clear"))
                or (call.name == "utmpdump" and call.has("r", "reverse"))
                or (call.name == "lastlog" and call.has("CS", "clear", "set"))
            ),
            "It removes the server's records.",
        ),
        (
            "CHANGE_LOGIN",
            "pam-auth-update authselect authconfig pam-config nologin",
            lambda call: call.flag("--remove", "--disable", "--force") or call.name == "nologin",
            "It changes how people sign in.",
        ),
        (
            "REMOVE_BOOT_IMAGE",
            "update-initramfs kernel-install dracut bootctl grubby installkernel",
            lambda call: (
                (call.name == "update-initramfs" and call.has("d"))
                or call.verb("remove", "unlink")
                or any(one.startswith("--remove") for one in call.args)
            ),
            "It takes away what the server starts from.",
        ),
    )
)
