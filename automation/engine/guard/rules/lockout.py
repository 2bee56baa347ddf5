"""Cutting the server off: from ssh, from the network, from those who watch it."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.rule import rule

_SERVICES = re.compile(
    r"^(ssh|sshd|ssh@.*|systemd-(networkd|resolved|journald|logind|udevd)|NetworkManager|networking|"
    r"network|firewalld|ufw|auditd|nftables|iptables|dbus|wpa_supplicant|dhcpcd|polkit|rsyslog)"
    r"(\.service|\.socket)?$"
)
_STOPS = ("stop", "disable", "mask", "kill", "stop-all")
_OUT = "It can cut the server off from everybody, OpsManager included."


def _stops(call: Call) -> bool:
    return call.verb(*_STOPS) and any(_SERVICES.match(one) for one in call.operands[1:])


def _filters(call: Call) -> bool:
    """Whether iptables drops its rules, or everything."""
    if call.has("LS", "list", "list-rules", "version", "help"):
        return False
    policy = call.values("-P", "--policy")
    return (
        call.flag("-F", "--flush", "-X", "--delete-chain", "-Z")
        or (bool(policy) and bool({"DROP", "REJECT"} & set(call.args)))
        or (
            bool(call.values("-j", "--jump"))
            and bool({"DROP", "REJECT"} & set(call.args))
            and (
                not call.flag("-s", "--source", "-p", "--protocol", "-i", "-d") or "22" in call.args
            )
        )
    )


def _cuts(call: Call) -> bool:
    """Whether ip, or one like it, takes a link, an address or a route away."""
    given = set(call.args)
    match call.name:
        case "ip":
            words = set(call.operands)
            return bool(words & {"delete", "del", "flush"}) or ("down" in words and "set" in words)
        case "ifconfig":
            return "down" in given
        case "ifdown":
            return bool(call.args)
        case "nmcli":
            return bool(given & {"down", "delete", "off", "disconnect"})
        case "route":
            return bool(given & {"del", "flush"})
        case _:
            return bool({"netem", "blackhole"} & given) and bool(
                {"add", "change", "replace"} & given
            )


RULES = tuple(
    rule(key, programs, holds, _OUT, severity=Severity.HOLD)
    for key, programs, holds in (
        ("STOP_VITAL_SERVICE", "systemctl", _stops),
        (
            "STOP_VITAL_SERVICE_OLD",
            "service rc-service invoke-rc.d",
            lambda call: (
                bool(set(call.operands[1:2]) & {*_STOPS})
                and any(_SERVICES.match(one) for one in call.operands[:1])
            ),
        ),
        (
            "STOP_VITAL_SCRIPT",
            "ssh sshd networking network auditd firewalld",
            lambda call: call.word.startswith("/etc/") and call.verb("stop"),
        ),
        (
            "DISABLE_VITAL_SERVICE",
            "update-rc.d chkconfig",
            lambda call: (
                any(_SERVICES.match(one) for one in call.operands)
                and bool({"remove", "disable", "off", "--del"} & set(call.args))
            ),
        ),
        (
            "FLUSH_FIREWALL",
            "iptables ip6tables iptables-legacy iptables-nft ebtables arptables",
            _filters,
        ),
        (
            "REPLACE_FIREWALL",
            "iptables-restore ip6tables-restore",
            lambda call: not call.has("t", "test"),
        ),
        (
            "DROP_FIREWALL",
            "nft",
            lambda call: bool({"delete", "flush", "destroy", "reset"} & set(call.operands[:1])),
        ),
        (
            "RESET_FIREWALL",
            "ufw",
            lambda call: (
                bool({"reset", "disable"} & set(call.operands))
                or (
                    bool({"deny", "reject", "limit", "delete"} & set(call.operands))
                    and bool(
                        {"22", "22/tcp", "ssh", "OpenSSH", "incoming", "any"} & set(call.operands)
                    )
                )
            ),
        ),
        (
            "PANIC_FIREWALL",
            "firewall-cmd",
            lambda call: (
                call.flag("--panic-on", "--remove-service")
                or any(one.startswith("--remove-port=22") for one in call.args)
            ),
        ),
        ("CUT_NETWORK", "ip ifconfig ifdown nmcli route tc", _cuts),
        (
            "STOP_AUDIT",
            "auditctl setenforce",
            lambda call: call.flag("-D") or "0" in (*call.values("-e"), *call.operands[:1]),
        ),
    )
)
