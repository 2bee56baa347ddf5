"""Ending what keeps the server running, and switching it off."""

import re
from fnmatch import fnmatchcase

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.names import names
from automation.engine.guard.outputs import PROCESSES
from automation.engine.guard.rule import rule

_VITAL = frozenset(
    names(
        """
    systemd init sshd ssh dbus-daemon dbus-broker systemd-journald systemd-logind systemd-udevd
    systemd-networkd systemd-resolved NetworkManager auditd dockerd containerd kubelet agetty
    getty rsyslogd polkitd
    """
    )
)
_ENDS = frozenset(
    names(
        """
    reboot poweroff halt kexec emergency rescue suspend hibernate exit soft-reboot
    hybrid-sleep suspend-then-hibernate switch-root default isolate
    """
    )
)
_TARGETS = [
    "reboot",
    "poweroff",
    "halt",
    "kexec",
    "emergency",
    "rescue",
    "suspend",
    "hibernate",
    "hybrid-sleep",
    "exit",
    "shutdown",
    "sleep",
    "ctrl-alt-del",
    "runlevel0",
    "runlevel1",
    "runlevel6",
    "final",
    "umount",
    "soft-reboot",
]
_OFF = "It halts or restarts the whole server."
_HARMLESS = ("0", "HUP", "USR1", "USR2", "WINCH", "CONT", "CHLD", "1", "10", "12", "18")
_TAKES = ("-s", "-n", "--signal", "-q", "--queue", "--timeout")


def _signal(call: Call) -> str:
    named = call.values("-s", "--signal", "-n")
    first = next((one[1:] for one in call.args[:1] if one.startswith("-")), "TERM")
    return (named[0] if named else first).upper().removeprefix("SIG")


def _kills_all(call: Call) -> bool:
    """Whether kill reaches process 1, one that the server needs, or each that there is."""
    if call.flag("-l", "-L", "--list", "--table") or _signal(call) in _HARMLESS:
        return False
    given = list(call.args)
    if given[:1] and given[0] in _TAKES:
        given = given[2:]
    elif given[:1] and re.match(r"^-(?:[A-Za-z]|\d+$)", given[0]) and len(call.args) > 1:
        given = given[1:]
    targets = [part for one in given for part in one.split() if part != "--"]
    return any(map(_is_all, targets))


def _is_all(target: str) -> bool:
    """Whether a process number, or what stands for some, means all or what the server needs."""
    named = target.removeprefix(PROCESSES)
    if named != target:
        return _is_vital(named)
    return target in ("1", "-1", "0", "+1", "01") or bool(_ANYTHING.match(target))


_ANYTHING = re.compile(r"^(?=.*[*?\[])[\d*?.+^$\[\]-]*$")


def _is_vital(name: str) -> bool:
    """Whether a pattern for names means what the server needs, or everything."""
    plain = name.strip("^$").replace("SSHD", "sshd").rpartition("/")[2].rstrip(":")
    return (
        any(one == plain or re.fullmatch(rf"{re.escape(one)}:?.*", plain) for one in _VITAL)
        or not name.strip(".*^$/+?[] ")
        or any(_fits(plain, one) for one in ("sshd", "systemd", "init"))
    )


def _fits(pattern: str, name: str) -> bool:
    try:
        return bool(re.fullmatch(pattern, name)) or fnmatchcase(name, pattern)
    except re.error:
        return False


def _kills_vital(call: Call) -> bool:
    """Whether pkill and its like mean what the server needs, or all of root's."""
    if _signal(call) in _HARMLESS or call.flag("-l", "--list", "-V", "-0"):
        return False
    users = call.values("-u", "-U", "--user", "--euid", "--uid")
    skipped = {*users, *call.values("-s", "--signal", "-t", "-o", "-y", "-P", "-g", "-G")}
    names_ = [one for one in call.operands if one not in skipped]
    return (
        any(map(_is_vital, names_))
        or any({"root", "0"} & set(one.split(",")) for one in users)
        or call.flag("--inverse", "-v")
        or bool({"0", "1"} & {*call.values("-P", "--parent"), *call.values("-g", "-s", "--pgroup")})
    )


def _unit_words(call: Call) -> tuple[str, ...]:
    """Return the operands of systemctl, without the values of its own options."""
    values = set(call.values("-H", "--host", "-M", "--machine", "--root", "--job-mode", "--when"))
    values |= {*call.values("-t", "--type", "-p", "--property", "-s", "--signal", "--kill-who")}
    return tuple(one for one in call.operands if one not in values)


def _names_target(one: str) -> bool:
    name, _, kind = one.partition(".")
    return kind in ("target", "") and name in _TARGETS


_POWERS = frozenset(
    names(
        """
    off cycle reset soft diag --off --cycle --reset --power-down powerdown powercycle hardreset
    graceshutdown --chassis-control=power-down host-reboot host-shutdown vm-shutdown -c
    load.off shutdown.return fsd
    """
    )
)

RULES = (
    rule("KILL_ALL", "kill", _kills_all, "It ends the first process, or all there are."),
    rule(
        "KILL_VITAL",
        "pkill killall killall5 skill snice",
        lambda call: call.name == "killall5" or _kills_vital(call),
        "It ends what the server, or its connection, can't do without.",
    ),
    rule(
        "KILL_USERS_OF",
        "fuser",
        lambda call: (
            call.has("k", "kill")
            and (
                call.has("m", "mount")
                or any(
                    one.startswith(("22/", "ssh/")) or one in ("/", "/usr", "/var", "22")
                    for one in (*call.operands, *call.paths)
                )
            )
        ),
        "It ends whoever uses what the server, or its connection, needs.",
    ),
    rule(
        "KILL_SESSIONS",
        "loginctl slay",
        lambda call: (
            call.name == "slay"
            or (
                call.verb("terminate-user", "kill-user", "terminate-seat", "disable-linger")
                and bool({"root", "0", "seat0"} & set(call.operands[1:]))
            )
        ),
        "It ends the sessions of root.",
    ),
    rule(
        "SWITCH_OFF",
        "reboot halt poweroff shutdown telinit init runlevel-init pm-suspend pm-hibernate rtcwake "
        "pm-suspend-hybrid pm-powersave s2ram s2disk s2both openrc-shutdown uswsusp acpitool",
        lambda call: (
            not call.flag("--show", "-V")
            and (
                call.name not in ("init", "telinit", "rtcwake", "acpitool")
                or call.verb(*"0123456sSuUqQ")
                or (call.name == "rtcwake" and bool(call.values("-m", "--mode")))
                or (call.name == "rtcwake" and not call.flag("-l", "--list-modes", "--show"))
                or (call.name == "acpitool" and call.has("sS"))
            )
        ),
        _OFF,
    ),
    rule(
        "SWITCH_OFF_SYSTEMD",
        "systemctl loginctl",
        lambda call: (
            bool(_ENDS & set(_unit_words(call)[:1]))
            or (
                bool({"start", "restart", "set-default", "enable"} & set(_unit_words(call)[:1]))
                and any(map(_names_target, _unit_words(call)[1:]))
            )
        ),
        _OFF,
    ),
    rule(
        "SWITCH_OFF_BUS",
        "busctl dbus-send gdbus",
        lambda call: bool(
            re.search(r"(?:login1|systemd1).*(Reboot|PowerOff|Halt|KExec)", call.text)
        ),
        _OFF,
    ),
    rule("KEXEC", "kexec", lambda call: call.has("el", "exec", "load"), _OFF),
    rule(
        "KERNEL_SETTING",
        "sysctl",
        lambda call: any(
            "=" in one
            and one.replace("/", ".").startswith(
                (
                    "kernel.panic",
                    "kernel.sysrq",
                    "kernel.core_pattern",
                    "kernel.modprobe",
                    "kernel.randomize",
                    "vm.overcommit",
                    "vm.panic",
                    "kernel.yama",
                    "kernel.kexec",
                    "kernel.unprivileged",
                    "kernel.dmesg_restrict=0",
                    "kernel.kptr_restrict=0",
                    "fs.suid_dumpable",
                    "fs.protected",
                    "kernel.pid_max",
                    "kernel.threads-max",
                    "fs.file-max",
                )
            )
            for one in call.args
        ),
        "It changes how the kernel protects itself.",
    ),
    rule(
        "POWER_BY_HARDWARE",
        "ipmitool ipmi-chassis ipmipower racadm hponcfg xe powerctl upscmd upsmon shutdown-ups",
        lambda call: (
            bool(_POWERS & {one.lower() for one in call.args})
            and not {"status", "get"} & set(call.args)
        ),
        _OFF,
    ),
    rule(
        "KERNEL_MODULE",
        "rmmod modprobe insmod kmod",
        lambda call: (
            bool(call.operands)
            and (
                call.name in ("rmmod", "insmod")
                or call.has("r", "remove")
                or call.verb("unload", "insert", "remove")
                or any("/" in one for one in call.operands)
            )
        ),
        "It takes a driver out of the running kernel, or puts a strange one in.",
        severity=Severity.HOLD,
    ),
    rule(
        "SWAP_OFF",
        "swapoff",
        lambda call: call.has("a", "all"),
        "It takes away all swap space, which can end programs at once.",
        severity=Severity.HOLD,
    ),
)
