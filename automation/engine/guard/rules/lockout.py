"""Cutting the server off: from ssh, from the network, from those who watch it."""

import re
from fnmatch import fnmatchcase

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.names import names
from automation.engine.guard.rule import rule

_VITAL = names(
    """
    ssh sshd ssh@ systemd-networkd systemd-resolved systemd-journald systemd-logind systemd-udevd
    NetworkManager networking network firewalld ufw auditd nftables iptables netfilter-persistent
    dbus dbus-broker wpa_supplicant dhcpcd polkit rsyslog init user system network-online basic
    sysinit multi-user default apparmor fail2ban getty@tty1 cron crond systemd-timesyncd
    network-manager syslog netplan systemd-user-sessions machine sockets local-fs
    """
)
_KINDS = re.compile(r"\.(?:service|socket|target|slice|scope|path)$")
_STOPS = ("stop", "disable", "mask", "kill", "stop-all", "freeze")
_OUT = "It can cut the server off from everybody, OpsManager included."
_DROPS = frozenset(("DROP", "REJECT"))
_FILTERED = ("INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING")


def _is_vital(unit: str) -> bool:
    """Whether a unit, or a pattern for some, is one that the connection hangs on."""
    name = _KINDS.sub("", unit)
    return any(
        fnmatchcase(one, name) or (one.endswith("@") and name.startswith(one)) for one in _VITAL
    )


def _stops(call: Call) -> bool:
    verbs = [n for n, one in enumerate(call.operands[:3]) if one in _STOPS]
    return bool(verbs) and any(map(_is_vital, call.operands[verbs[0] + 1 :]))


def _filters(call: Call) -> bool:
    """Whether iptables drops its rules, or everything, or what lets ssh in."""
    if call.has("LSC", "list", "list-rules", "version", "help", "check"):
        return False
    policy = call.values("-P", "--policy")
    flushes = call.has("FXZ", "flush", "delete-chain")
    jumps = {*call.values("-j", "--jump", "-g", "--goto")}
    ports = {*call.values("--dport", "--dports", "--destination-port", "--sport", "--match-set")}
    is_ssh = any(_has_ssh(one) for one in ports) or "22" in call.args
    narrow = call.values("-s", "--source", "--src", "-d", "--destination")
    anyone = all(one in ("0.0.0.0/0", "0/0", "::/0", "any") for one in narrow)
    narrow_port = bool(ports) and not is_ssh
    if call.has("D", "delete"):
        # Taking a rule away that let people in, or one that only a number names.
        return bool({"ACCEPT"} & jumps) and (is_ssh or (anyone and not narrow_port))
    return (
        flushes
        or (bool(policy) and bool(_DROPS & set(call.args)))
        or (bool(_DROPS & jumps) and anyone and not narrow_port and not _chooses(call))
    )


def _chooses(call: Call) -> bool:
    """Whether a rule is about a state of packets, or a set, that no good connection is in."""
    states = {*call.values("--ctstate", "--state")}
    return states in ({"INVALID"},) or bool(call.values("--match-set", "--string"))


def _has_ssh(ports: str) -> bool:
    for one in ports.split(","):
        first, _, last = one.partition(":")
        if one in ("ssh", "22") or (
            first.isdecimal() and last.isdecimal() and int(first) <= 22 <= int(last)
        ):
            return True
    return False


_CUTTERS = names(
    """
    ip ifconfig ifdown nmcli route tc networkctl dhclient dhcpcd rfkill ethtool brctl ovs-vsctl
    bridge wg-quick netplan
    """
)


def _cuts(call: Call) -> bool:  # noqa: C901 - one case a program
    """Whether ip, or one like it, takes a link, an address or a route away."""
    given = set(call.args)
    words = call.operands
    match call.name:
        case "ip":
            if not words or words[0].startswith("neigh") or "show" in given:
                return False
            narrow = words[0] in ("route", "r", "ro") and not {"default", "0.0.0.0/0"} & given
            ends = {"flush", "f", "fl"} if narrow else {"delete", "del", "flush", "d", "f", "fl"}
            return bool(ends & set(words[1:3])) or (
                ("down" in given and bool({"set", "s"} & given))
                or bool({"blackhole", "unreachable", "prohibit", "throw"} & given)
                or ("replace" in words[1:2] and "default" in given)
                or ("netns" in given and "set" in words[:2])
            )
        case "ifconfig":
            return "down" in given or (len(words) > 1 and words[1].strip("0.") in ("", "delete"))
        case "ifdown":
            return bool(call.args)
        case "nmcli":
            ends = {"down", "delete", "off", "disconnect", "d", "del", "disabled"}
            return bool(ends & set(words[1:])) and "show" not in given
        case "route":
            return bool({"del", "flush", "delete"} & given) or ("reject" in given)
        case "networkctl":
            return call.verb("down", "delete", "unmanage")
        case "dhclient" | "dhcpcd":
            return call.has("rxk", "release", "exit")
        case "rfkill":
            return call.verb("block")
        case "ethtool":
            return call.has("sr", "change", "negotiate", "reset") or call.flag("--reset")
        case "brctl" | "ovs-vsctl":
            return call.verb("delbr", "delif", "del-br", "del-port", "emer-reset")
        case "bridge" | "wg-quick":
            return call.verb("down", "del", "delete") or "del" in words[1:2]
        case "netplan":
            return call.verb("set") and any(one.endswith("=NULL") for one in words)
        case _:
            return bool({"netem", "blackhole", "tbf", "drop"} & given) and bool(
                {"add", "change", "replace"} & given
            )


def _nft(call: Call) -> bool:
    """Whether nft takes rules away, by its words or by what it reads, or drops everything."""
    texts = [" ".join(call.operands), *(call.stdin or () if call.values("-f", "--file") else ())]
    return any(
        re.search(r"(?:^|[;\n{])\s*(?:flush|delete|destroy|reset)\b", one)
        or re.search(r"policy\s+(?:drop|reject)", one)
        or re.search(
            r"\badd\s+rule\b(?!.*\b(?:saddr|dport (?!22\b|ssh)|ct state invalid))"
            r".*\b(?:drop|reject)\b",
            one,
        )
        or re.search(r"dport\s+(?:22|ssh)\s+(?:drop|reject)", one)
        for one in texts
    )


_UFW_WIDE = frozenset(
    names("22 22/tcp ssh OpenSSH incoming any outgoing 22:22/tcp routed 0.0.0.0/0")
)


def _ufw(call: Call) -> bool:
    words = set(call.operands)
    if "reset" in words or "disable" in words:
        return True
    return bool({"deny", "reject", "limit", "delete"} & words) and (
        bool(_UFW_WIDE & words) or call.verb("default")
    )


def _firewalld(call: Call) -> bool:
    removed = call.values("--remove-service", "--remove-port", "--remove-interface")
    zones = call.values("--set-default-zone", "--change-zone", "--set-target")
    return (
        call.flag("--panic-on", "--complete-reload", "--load-zone-defaults", "--reset-to-defaults")
        or any(one in ("ssh", "22/tcp") or _has_ssh(one.partition("/")[0]) for one in removed)
        or bool({"drop", "block", "DROP", "REJECT"} & set(zones))
        or any(
            re.search(r"\b(?:drop|reject)\b", one) and ("ssh" in one or 'port="22"' in one)
            for one in call.values("--add-rich-rule")
        )
        or (any("--direct" in one for one in call.args) and bool(_DROPS & set(call.args)))
    )


RULES = tuple(
    rule(key, programs, holds, _OUT, severity=Severity.HOLD)
    for key, programs, holds in (
        ("STOP_VITAL_SERVICE", "systemctl", _stops),
        (
            "STOP_VITAL_SERVICE_OLD",
            "service rc-service invoke-rc.d sv supervisorctl initctl",
            lambda call: (
                (
                    bool(set(call.operands[1:2]) & {*_STOPS})
                    and any(map(_is_vital, call.operands[:1]))
                )
                or (
                    bool(set(call.operands[:1]) & {*_STOPS, "down"})
                    and any(map(_is_vital, call.operands[1:]))
                )
            ),
        ),
        (
            "STOP_VITAL_SCRIPT",
            "ssh sshd networking network auditd firewalld iptables ufw dbus network-manager",
            lambda call: "init.d/" in call.word and call.verb("stop"),
        ),
        (
            "DISABLE_VITAL_SERVICE",
            "update-rc.d chkconfig rc-update sysv-rc-conf",
            lambda call: (
                any(map(_is_vital, call.operands))
                and bool({"remove", "disable", "off", "del", "--del"} & set(call.args))
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
        ("DROP_FIREWALL", "nft", _nft),
        ("RESET_FIREWALL", "ufw", _ufw),
        ("PANIC_FIREWALL", "firewall-cmd firewall-offline-cmd", _firewalld),
        (
            "OTHER_FIREWALL",
            "pfctl csf shorewall shorewall6 ferm ipset",
            lambda call: (
                call.has("Fdxf", "disable", "flush")
                or call.verb("clear", "stop", "flush", "destroy")
            ),
        ),
        (
            "CUT_NETWORK",
            " ".join(_CUTTERS),
            _cuts,
        ),
        (
            "STOP_AUDIT",
            "auditctl setenforce aa-teardown aa-disable apparmor_parser augenrules",
            lambda call: (
                call.flag("-D")
                or call.name.startswith("aa-")
                or (call.name == "apparmor_parser" and call.has("R", "remove"))
                or bool(
                    {"0", "permissive"} & {*call.values("-e"), *map(str.lower, call.operands[:1])}
                )
            ),
        ),
    )
)
