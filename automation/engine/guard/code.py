"""Shell text inside other languages: what python, perl, awk or git is told to hand to a shell."""

import re

from automation.engine.guard.call import Call

# The options that carry code.
_CODE = {
    "python": ("-c",),
    "pypy": ("-c",),
    "perl": ("-e", "-E", "-pe", "-ne", "-pi", "-we", "-le"),
    "ruby": ("-e",),
    "php": ("-r",),
    "node": ("-e", "--eval", "-p"),
    "lua": ("-e",),
    "tclsh": (),
}
_STARTS = re.compile(
    r"system|popen|subprocess|exec|spawn|`|qx\W|shell|unlink|rmtree|remove|rmdir|\bopen\b|getline|"
    r"fork|\|"
)
_STRINGS = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`([^`]*)`|qx[{(/]([^})/]*)")
_LISTS = re.compile(r"((?:['\"][^'\"]*['\"]\s*,\s*)+['\"][^'\"]*['\"])")
_SED = re.compile(r"(?:^|[;\n{}])\s*[\d$,/\w]*e\s+(.+)|^s(.).*\2.*\2\w*e\w*$")
_GIT = re.compile(
    r"^(?:core\.(?:pager|sshcommand|editor|fsmonitor)|pager\.\w+|alias\.\w+|"
    r"(?:diff|merge|filter|credential)\.?[\w.]*)=!?(.*)",
    re.I,
)


def is_interpreter(name: str) -> bool:
    """Whether a program reads code of another language."""
    return re.sub(r"[\d.]+$", "", name) in _CODE


def code_of(call: Call) -> tuple[str, ...]:
    """Return the code that an interpreter is given by option, else by input; ``()`` for a file."""
    given = call.values(*_CODE[re.sub(r"[\d.]+$", "", call.name)])
    if given or call.flag("-m", "--version", "-V", "-v", "--help", "-h"):
        return given
    scripts = [one for one in call.operands if one != "-"]
    return () if scripts else call.stdin or ("\0",)


def shell_texts(call: Call) -> list[str]:
    """Return the texts that a program hands to a shell."""
    name = call.name
    if is_interpreter(name):
        codes = code_of(call)
        plain = [
            code.partition("exec ")[2] for code in codes if name == "tclsh" and "exec " in code
        ]
        return plain + [one for code in codes if _STARTS.search(code) for one in _strings(code)]
    if name in ("awk", "gawk", "mawk", "nawk"):
        return [
            one
            for code in call.operands[:1]
            if re.search(r"system|getline|\|", code)
            for one in _strings(code)
        ]
    if name in ("sed", "gsed"):
        codes = (*call.operands[:1], *call.values("-e", "--expression"))
        return [match[1] for code in codes for match in _SED.finditer(code) if match[1]]
    if name == "git":
        found = [_GIT.match(one) for one in call.values("-c")]
        return [match[1] for match in found if match]
    if name == "rsync":
        return list(call.values("-e", "--rsh", "--rsync-path"))
    if name in ("ssh", "scp", "sftp"):
        commands = [
            re.match(r"(?i)(?:Proxy|Local)Command[= ](.*)", one) for one in call.values("-o")
        ]
        return [match[1] for match in commands if match]
    if name == "tar":
        actions = call.values("--checkpoint-action")
        return [
            *(one.removeprefix("exec=") for one in actions),
            *call.values("--to-command", "--use-compress-program", "-I"),
        ]
    if name in ("vi", "vim", "ex", "less", "more"):
        return [one.lstrip(":!") for one in (*call.values("-c"), *call.args) if "!" in one[:3]]
    return []


def _strings(code: str) -> list[str]:
    lists = [
        " ".join(a or b for a, b in re.findall(r"'([^']*)'|\"([^\"]*)\"", one[1]))
        for one in _LISTS.finditer(code)
    ]
    return [*lists, *("".join(one) for one in _STRINGS.findall(code))]
