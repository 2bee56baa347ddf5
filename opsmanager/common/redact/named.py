"""Values that their own name calls a secret: in shell, JSON, YAML, ini, XML and the like."""

import re
from typing import Final

from opsmanager.common.redact.family import Family

_NOTHING: Final = frozenset(
    [
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "none",
        "null",
        "nil",
        "undefined",
        "empty",
        "required",
        "optional",
        "missing",
        "invalid",
        "wrong",
        "prompt",
        "ask",
        "changed",
        "expired",
        "unchanged",
        "disabled",
        "enabled",
        "set",
        "unset",
        "hidden",
        "masked",
        "redacted",
        "failed",
        "ok",
        "basic",
        "bearer",
        "jwt",
        "string",
        "str",
        "int",
        "bytes",
        "password",
        "secret",
        "token",
    ]
)
_REFERENCE = re.compile(
    r"""(?x) \$ | \$\{[^}]*\}? | \$\(.* | \$[A-Z_][A-Z0-9_]* | \$\d | \{\{.* | %\w+%
    | %\([\w.]+\)\w? | %[sdrqv] | <[\w \-.]*>? | \[[\w \-]*\]? | \(?\*+\)?[*.]* | x{3,} | X{3,}
    | \.{2,} | -+ | [{\[(|>]
    | (?:process\.env|os\.environ|os\.getenv|env|vars?|config|settings|self|local|module|data)
      [.\[(].* | !vault | !Ref .* | arn:aws:.* | vault:.* | secretsmanager:.* | file://.*"""
)
_PATH = re.compile(
    r"(?:~|\.{1,2}|/(?:etc|home|root|var|usr|opt|srv|tmp|run|mnt|dev|proc|sys|data|app|snap|lib|"
    r"private|media|boot|vault))(?:/[\w.@+-]+)*/?"
)

# The last part of a name; what may go before it needs no look.
_NAME: Final = r"""(?! (?<![\w.-])passwd[ ]*: | (?:(?<![\w.-])|(?<=NO))PASSWD:
    | pass=\d{1,3}\b | (?:(?<![A-Za-z_])|(?<=OLD))PWD=/ )
(?: (?i: password | passwd | passphrase | passcode | passwort | kennwort | secret
       | (?<!unexpected[ ])token
       | api[-_. ]?key | apikey | authkey | auth[-_]key | access[-_. ]?key | private[-_. ]?key
       | secret[-_. ]?key | encryption[-_. ]?key | signing[-_. ]?key | master[-_. ]?key
       | account[-_. ]?key | shared[-_. ]?key | storage[-_. ]?key | client[-_. ]?key[-_]data
       | preshared[-_]?key | subscription[-_]?key | license[-_]?key | deploy[-_]?key
       | requirepass | masterauth | rediscli_auth | wpa_passphrase | _authToken
       | connection[-_]?string | session[-_]?id | csrfmiddlewaretoken | bindpw | rootpw )
  | (?<![A-Za-z])(?i: pass | pwd | psk | pw )(?=[\s"'=:\\])
  | (?<=[a-z])(?: Pass | Pwd )(?=[\s"'=:\\])
  | (?<=[A-Z_])(?<!BY)(?<!COM)(?<!SUR)(?: PASS | PWD | PSK )(?==)
  | (?<=[a-z])(?: pass )(?==)(?<!bypass)(?<!compass)(?<!surpass)
)
(?: [-_.]?(?: \d+ | value | plain(?:text)? | text | b64 | base64 | hash | digest | prod | dev | new
    | old | current | confirm(?:ation)? | again | repeat | key ) )?"""
_QUOTED: Final = r""" \\+"((?:(?!\\+").)*)\\+" | \\+'((?:(?!\\+').)*)\\+'
    | "((?:[^"\\]|\\.)*)" | '((?:[^'\\]|\\.|'')*)' """

_PAIR = re.compile(
    rf"""(?x) {_NAME} (?: \\*["'] )? \]? \s*(?: => | := | == | = | :(?!:|//) )\s*
    (?: [bruf]?(?=\\*["']) (?:{_QUOTED})
      | \\*["']([^"'\n]{{3,}})$
      | ( (?: (?!,(?:\s|$|["']|\s*[\w.-]+\s*[=:])) [^\s"'`;&<>|()\]}}] )+ ) )"""
)
# At the begin of its line, an ini or YAML value goes to the line's end.
_LINE = re.compile(
    rf"""(?x) ^[ \t]*(?:-[ ]+)?(?:[\w.-]*?) {_NAME}
    (?: [ \t]+=[ \t]* | [ \t]*:[ \t]+ )
    (?!["'\[|>]|\{{(?![A-Z0-9-]+\}})) ( \S+(?:[ \t]+(?!\#)\S+)* )"""
)
# `'--password=a b'`, as a shell is told a word with a space.
_IN_QUOTES = re.compile(
    rf"""(?x) (?<![\w"'])'[^'\s=]*{_NAME}=( (?: [^'\n] | '"'"' | '\\'' )+ )'(?!\w)
    | (?<![\w"'])"[^"\s=]*{_NAME}=( (?: [^"\\\n] | \\. )+ )"(?!\w)"""
)
_ENCODED = re.compile(
    rf"(?x) {_NAME} (?: %3[dD] | %22%3[aA](?:%20)?%22 ) ((?:(?!%26|%22)[^\s&\"'])+)"
)
_TAG = re.compile(rf"(?x) <(?:\w+:)?[\w.-]*?{_NAME}(?:\s[^>\n]*)?> \s*( [^<\s][^<\n]*? )\s*</")
_FIELD = re.compile(
    rf"""(?x) \b(?:name|key|Name|Key)["']?\s*[:=]\s*["']?[\w.-]*?{_NAME}["']?\s*,?\s*
    ["']?(?:value|Value|content)["']?\s*[:=]\s*(?: {_QUOTED} | ([^\s"',;<>}}]+) )"""
)
_KEYWORDS: Final = (
    "pass",
    "pwd",
    "psk",
    "pw=",
    "pw:",
    "secret",
    "token",
    "key",
    "kennwort",
    "masterauth",
    "cli_auth",
    "bindpw",
    "rootpw",
    "sessionid",
    "session_id",
    "session-id",
    "connectionstring",
    "connection_string",
    "connection-string",
)


def is_no_secret(value: str) -> bool:
    """Whether a value stands for none: empty, a word such as "none", a variable, a path."""
    bare = value.strip("\"'").strip()
    return (
        not bare
        or bare.lower().strip(".,!") in _NOTHING
        or _REFERENCE.fullmatch(bare) is not None
        or _PATH.fullmatch(bare) is not None
    )


# Part of a name, as cheap to look for as can be; in lower case.
_PART: Final = (
    r"(?:pass|pw|psk|secret|token|key|(?:master|cli_)auth|kennwort|session[-_]?id"
    r"|connection[-_]?string)[\w.-]{0,24}"
)
_ASSIGNED: Final = rf"""{_PART}\\*["']?\]?\s*[=:]"""


def _family(
    name: str, pattern: re.Pattern[str], *, gate: str, keywords: tuple[str, ...] = _KEYWORDS
) -> Family:
    return Family(
        name=name, keywords=keywords, pattern=pattern, stays=is_no_secret, gate=re.compile(gate)
    )


NAMED: Final = (
    _family("quoted-pair", _IN_QUOTES, gate=rf"""['"][^'"\s=]*{_PART}="""),
    _family("field", _FIELD, gate=_PART, keywords=("value", "content")),
    _family("line", _LINE, gate=rf"{_PART}(?:[ \t]+=|[ \t]*:[ \t])"),
    _family("pair", _PAIR, gate=_ASSIGNED),
    _family("encoded-pair", _ENCODED, gate=_PART, keywords=("%3d", "%22%3a")),
    _family("tag", _TAG, gate=_PART, keywords=("</",)),
)
