"""Secrets on command lines: options that everybody may spell as they like, and programs' own."""

import re
from typing import Final

from opsmanager.common.redact.family import Family
from opsmanager.common.redact.named import is_no_secret

# One word as a shell reads it, quotes and all.
WORD: Final = r"""(?:'[^'\n]*'|"(?:[^"\\\n]|\\.)*"|\\.|[^\s'"\\;&|<>()`])+"""
# What may stand between a program's name and its option: not the end of its command.
_MORE: Final = r"""(?:(?:'[^'\n]*'|"(?:[^"\\\n]|\\.)*"|[^\n;|&'"]){0,300}?[\s'"])??"""


def _option(name: str, programs: str, options: str, *keywords: str) -> Family:
    """A word after, or in, an option of these programs."""
    begin = rf"(?:^|(?<=[\s/'\"`;|&(=\]])){programs}(?=[\s'\"]){_MORE}"
    # As a whole in quotes, where the word holds a space, or by itself.
    pattern = rf"{begin}(?:(?<=')(?:{options})([^'\n]+)(?=')|(?:{options})({WORD}))"
    return Family(name=name, keywords=keywords, pattern=re.compile(pattern), stays=_stays)


def _stays(value: str) -> bool:
    return value.startswith("-") or is_no_secret(value)


_MYSQL = r"(?:mysql(?:dump|admin|import|show|check|binlog|slap|pump|sh|_upgrade)?|mariadb(?:-\w+)*)"
_MONGO = r"mongo(?:sh|dump|restore|export|import|stat|top|files)?"

COMMAND_LINE: Final = (
    Family(
        name="option",
        keywords=(
            "pass",
            "pwd",
            "secret",
            "token",
            "key",
            "psk",
            "bearer",
            "masterauth",
        ),
        pattern=re.compile(
            r"""(?ix) (?<![\w-]) --?(?:[a-z0-9]+[-_.])*?
            (?: password | passwd | passphrase | passcode | passwort | pass | pwd | secret | token
              | apikey | (?:api|access|secret|private|auth|account|storage|encryption|master
                |license|shared)[-_]?key | psk | client[-_]?secret | bearer
              | (?:secret|session|auth|refresh)[-_]?token | requirepass | masterauth )
            (?:[-_]?(?:\d|value|string|plain|new|old))?
            (?: ["']?[ \t]+ | = ) """
            + f"({WORD})".replace(" ", "[ ]")
        ),
        stays=_stays,
    ),
    _option("mysql", _MYSQL, r"-p(?!\s|['\"]\s)", "mysql", "mariadb"),
    _option("sshpass", "sshpass", r"-p\s*", "sshpass"),
    _option("redis", r"redis-cli", r"(?:-a|--pass)\s+", "redis-cli"),
    _option("mongo", _MONGO, r"-p\s*", "mongo"),
    _option("ldap", r"ldap\w+", r"-w\s*", "ldap"),
    _option(
        "docker-login",
        r"(?:docker|podman|nerdctl|helm|oc|az|buildah|skopeo)",
        r"login\s(?:[^\n;|&]{0,300}?\s)?-p\s*",
        "login",
    ),
    _option("smb", r"(?:smbclient|rpcclient|smbmap|net|wmic|winexe)", r"-U\s*[^\s%]+%", "%"),
    _option("mount", r"mount(?:\.\w+)?", r"-o\s*(?:[^\s]*,)?pass(?:word)?=", "mount"),
    _option(
        "zip",
        r"(?:zip|unzip|7z[ar]?|rar|unrar)",
        r"(?:-P\s*|-p(?=\S)|-hp(?=\S))",
        "zip",
        "7z",
        "rar",
    ),
    _option(
        "ipmi",
        r"(?:ipmitool|ipmiconfig|mosquitto_(?:pub|sub)|sqlcmd|bcp|nmcli|freerdp|rdesktop)",
        r"-[Pp]\s+",
        "ipmi",
        "mosquitto_",
        "sqlcmd",
        "bcp",
        "rdp",
        "rdesktop",
    ),
    _option("snmp", r"snmp\w+", r"-[AX]\s*", "snmp"),
    _option(
        "openssl",
        r"(?:openssl|keytool|jarsigner)",
        r"(?:-(?:passin|passout|pass|passwd)\s+pass:|-(?:storepass|keypass|srcstorepass"
        r"|deststorepass|K|hmac)\s+)",
        "openssl",
        "keytool",
        "jarsigner",
    ),
    _option("useradd", r"(?:useradd|usermod)", r"(?:-p|--password)\s*", "useradd", "usermod"),
    _option("htpasswd", r"htpasswd", r"-[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+\S+\s+", "htpasswd"),
    _option(
        "rabbitmq",
        r"rabbitmqctl",
        r"(?:add_user|change_password|authenticate_user)\s+\S+\s+",
        "rabbitmqctl",
    ),
    _option(
        "wpa",
        r"wpa_passphrase",
        r"(?:(?<=wpa_passphrase )|(?<=wpa_passphrase\t))\S+\s+",
        "wpa_passphrase",
    ),
    Family(
        name="curl",
        keywords=("curl", "http "),
        pattern=re.compile(
            r"""(?<![\w-])(?:-u|-U|--user|--proxy-user|-a|--auth)[ =]?["']?[^\s:"']+:"""
            r"""([^\s"']+)"""
        ),
        stays=is_no_secret,
    ),
    Family(
        name="chpasswd",
        keywords=("chpasswd",),
        pattern=re.compile(r"""["']?[\w.-]+:([^\s"'|:]+)["']?\s*(?:\||>)?.{0,300}?\bchpasswd"""),
        stays=is_no_secret,
    ),
    Family(
        name="chpasswd-here",
        keywords=("chpasswd",),
        pattern=re.compile(r"""chpasswd.{0,300}?<<<\s*["']?[\w.-]+:([^\s"']+)"""),
        stays=is_no_secret,
    ),
    Family(
        name="sql",
        keywords=("identified", "password"),
        pattern=re.compile(
            r"""(?ix) (?: identified \s+ (?:with \s+ \S+ \s+)? (?:by|as) (?:\s+password)?
              \s* (?:=\s*)?
            | \bpassword (?:\s+for\s+\S+)? (?: \s*=\s* | \s*\(\s* | \s+ ) ) \(?\s*
            (?: '((?:[^'\\\n]|\\.|'')+)' | \\?"((?:[^"\\\n]|\\.)+)" )"""
        ),
        stays=is_no_secret,
    ),
    Family(
        name="netrc",
        keywords=("password",),
        pattern=re.compile(
            r"\b(?:machine|default|login)\b.*?\bpassword\s+(\S+)"
            r"|^\s*password\s+((?=\S*[\d\W_])\S+)\s*$"
        ),
        stays=is_no_secret,
    ),
    Family(
        name="directive",
        keywords=("requirepass", "masterauth", "secret", "password", "auth-pass", "masteruser"),
        pattern=re.compile(
            r"""(?ix) ^\s*(?:(?:sentinel\s+)?(?:requirepass|masterauth|auth-pass(?:\s+[\w-]+)?)\s+
            | secret\s+(?=["']) | password\s+(?=["']|\d\s|7\s) | enable\s+secret\s+ )
            (?:\d\s+)? ["']?([^\s"';]+)"""
        ),
        stays=is_no_secret,
    ),
    Family(
        name="pgpass",
        keywords=(*(f"{digit}:" for digit in range(10)), ":*:"),
        gate=re.compile(r"^[\w.*-]+:(?:\d{2,5}|\*):[^:\s]+:", re.MULTILINE),
        pattern=re.compile(r"^[\w.*-]+:(?:\d{2,5}|\*):[\w*-]+:[\w*-]+:((?:[^:\s\\]|\\.)+)$"),
    ),
)
