"""Ending what keeps the server running, and switching it off."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.names import names
from automation.engine.guard.rule import rule

_VITAL = frozenset(
    names(
        """
    systemd init sshd ssh dbus-daemon systemd-journald systemd-logind systemd-udevd
    systemd-networkd NetworkManager auditd dockerd containerd kubelet
    """
    )
)
_ENDS = frozenset(
    names(
        """
    reboot poweroff halt kexec emergency rescue suspend hibernate exit soft-reboot
    hybrid-sleep suspend-then-hibernate switch-root default
    """
    )
)
_OFF = "It halts or restarts the whole server."


def _signal(call: Call) -> str:
    named = call.values("-s", "--signal", "-n")
    first = next((one[1:] for one in call.args[:1] if one.startswith("-")), "TERM")
    return (named[0] if named else first).removeprefix("SIG").upper()


def _kills_all(call: Call) -> bool:
    """Whether kill reaches process 1, or each that there is."""
    if call.flag("-l", "-L", "--list", "--table") or _signal(call) in ("0", "HUP", "USR1", "USR2"):
        return False
    given = [one for one in call.args if one not in ("--",)]
    if call.args[:1] in (("-s",), ("-n",), ("--signal",)):
        given = given[2:]
    elif given[:1] and given[0].startswith("-") and len(given) > 1:
        given = given[1:]
    return any(one in ("1", "-1", "0") or one.removeprefix("pgrep:") in _VITAL for one in given)


def _kills_vital(call: Call) -> bool:
    if _signal(call) in ("0", "HUP", "USR1", "USR2") or call.flag("-l", "--list", "-V"):
        return False
    names = [one.strip("^$") for one in call.operands]
    return (
        any(one in _VITAL or not one.strip(".*") for one in names)
        or "root" in call.values("-u", "-U", "--user", "--euid", "--uid")
        or "0" in call.values("-u", "-U")
    )


RULES = (
    rule("KILL_ALL", "kill", _kills_all, "It ends the first process, or all there are."),
    rule(
        "KILL_VITAL",
        "pkill killall killall5 skill",
        lambda call: call.name == "killall5" or _kills_vital(call),
        "It ends what the server, or its connection, can't do without.",
    ),
    rule(
        "SWITCH_OFF",
        "reboot halt poweroff shutdown telinit init pm-suspend pm-hibernate rtcwake",
        lambda call: (
            not call.flag("--help", "--version", "-c", "-k", "--show", "-w", "--wtmp-only", "-V")
            and (
                call.name not in ("init", "telinit", "rtcwake")
                or call.verb("0", "1", "6", "s", "S", "u", "q")
                or (call.name == "rtcwake" and call.flag("-m", "--mode"))
            )
        ),
        _OFF,
    ),
    rule(
        "SWITCH_OFF_SYSTEMD",
        "systemctl loginctl",
        lambda call: (
            bool(_ENDS & set(call.operands[:1]))
            or (
                call.verb("start", "isolate")
                and any(
                    one.partition(".")[0] in _ENDS and one.endswith(".target")
                    for one in call.operands
                )
            )
        ),
        _OFF,
    ),
    rule(
        "SWITCH_OFF_BUS",
        "busctl dbus-send gdbus",
        lambda call: bool(re.search(r"login1.*(Reboot|PowerOff|Halt|KExec)", call.text)),
        _OFF,
    ),
    rule("KEXEC", "kexec", lambda call: call.has("el", "exec", "load"), _OFF),
    rule(
        "KERNEL_SETTING",
        "sysctl",
        lambda call: any(
            "=" in one
            and one.startswith(
                (
                    "kernel.panic",
                    "kernel.sysrq",
                    "kernel.core_pattern",
                    "kernel.modprobe",
                    "kernel.randomize",
                    "vm.overcommit",
                    "vm.panic",
                )
            )
            for one in call.args
        ),
        "It changes how the kernel protects itself.",
    ),
    rule(
        "POWER_BY_HARDWARE",
        "ipmitool",
        lambda call: (
            "power" in call.args and bool({"off", "cycle", "reset", "soft"} & set(call.args))
        ),
        _OFF,
    ),
    rule(
        "KERNEL_MODULE",
        "rmmod modprobe",
        lambda call: bool(call.operands) and (call.name == "rmmod" or call.has("r", "remove")),
        "It takes a driver out of the running kernel.",
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
