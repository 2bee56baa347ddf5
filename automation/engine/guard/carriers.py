"""Shell text in the options of programs that are no language: git, rsync, tar, editors, clients."""

import re
from collections.abc import Callable, Iterable

from automation.engine.guard.call import Call
from automation.engine.guard.names import names

_SED = re.compile(r"(?:^|[;\n{}])\s*[\d$,/\w!]*e\s+(.+)|s(.)(?:.*?)\2(.*?)\2\w*e\w*\s*(?:$|[;}])")
_GIT = re.compile(
    r"^(?:core\.(?:pager|sshcommand|editor|fsmonitor|hookspath|askpass)|pager\.\w+|alias\.\w+|"
    r"sequence\.editor|gpg\.program|(?:diff|merge|filter|credential|difftool|mergetool)\.?[\w.]*)"
    r"=!?(.*)",
    re.I | re.S,
)
_BANG = re.compile(
    r"(?:^|[\n;:\s(+])(?:\\?!|:!|\.(?:shell|system)\s|\\!|shell\s|system\s|%!)\s*(.+)",
    re.S,
)
_CALLED = re.compile(r"\bsystem(?:list)?\(\s*[\"'](.*)[\"']\s*\)", re.S)
_SSH = re.compile(r"(?i)(?:ProxyCommand|LocalCommand|KnownHostsCommand|PermitLocalCommand)[= ](.*)")


def _after_bang(texts: Iterable[str]) -> list[str]:
    """Return what follows ``!`` and its like, where a program gives that to a shell."""
    given = tuple(texts)
    called = [match[1] for text in given for match in [_CALLED.search(text)] if match]
    return called + [match[1] for text in given for match in [_BANG.search(text)] if match]


def _sed(call: Call) -> list[str]:
    codes = (*call.operands[:1], *call.values("-e", "--expression"))
    return [
        (match[1] or match[3] or "").replace("\\", "")
        for code in codes
        for match in _SED.finditer(code)
    ]


def _git(call: Call) -> list[str]:
    settings = list(call.values("-c"))
    if call.verb("config"):
        settings += [
            f"{one}={two}" for one, two in zip(call.operands, call.operands[1:], strict=False)
        ]
    found = [_GIT.match(one) for one in settings]
    runs = [one for one in call.values("--upload-pack", "--receive-pack", "-x", "--exec") if one]
    bisect = [" ".join(call.operands[2:])] if call.operands[:2] == ("bisect", "run") else []
    hidden = [one.removeprefix("ext::") for one in call.operands if one.startswith("ext::")]
    return [*(match[1] for match in found if match), *runs, *bisect, *hidden]


def _ssh(call: Call) -> list[str]:
    commands = [_SSH.match(one) for one in call.values("-o")]
    return [match[1] for match in commands if match]


def _tar(call: Call) -> list[str]:
    actions = call.values("--checkpoint-action")
    others = call.values("--to-command", "--use-compress-program", "-I", "-F", "--info-script")
    return [*(one.removeprefix("exec=") for one in actions), *others]


def _make(call: Call) -> list[str]:
    texts = [*call.values("--eval"), *(call.stdin or ())]
    recipes = [one for text in texts for one in re.split(r"\n|;", text)]
    return [one.lstrip("\t @-+") for one in recipes if ":" not in one.partition(" ")[0]]


def _editor(call: Call) -> list[str]:
    return _after_bang((*call.values("-c", "-cmd", "--cmd"), *call.args, *(call.stdin or ())))


def _client(call: Call) -> list[str]:
    return _after_bang((*call.args, *(call.stdin or ())))


def _options(*options: str) -> Callable[[Call], list[str]]:
    return lambda call: list(call.values(*options))


def _expect(call: Call) -> list[str]:
    text = "\n".join((*call.values("-c"), *(call.stdin or ())))
    return re.findall(r"(?:spawn|exec|system)\s+([^;\n]*)", text)


def _ansible(call: Call) -> list[str]:
    given = call.values("-a", "--args")
    named = [re.sub(r"^(?:cmd|_raw_params|free_form)=", "", one).strip("'\"") for one in given]
    return [*given, *named]


def _last(call: Call) -> list[str]:
    return list(call.operands[1:][-1:])


def _salt(call: Call) -> list[str]:
    at = next((n for n, one in enumerate(call.operands) if one in ("cmd.run", "cmd.shell")), None)
    return [] if at is None else [" ".join(call.operands[at + 1 :])]


_CARRIERS: dict[str, Callable[[Call], list[str]]] = {
    **dict.fromkeys(("sed", "gsed"), _sed),
    "git": _git,
    "rsync": _options("-e", "--rsh", "--rsync-path"),
    **dict.fromkeys(("ssh", "scp", "sftp"), _ssh),
    **dict.fromkeys(("tar", "gtar", "bsdtar"), _tar),
    **dict.fromkeys(("make", "gmake"), _make),
    **dict.fromkeys(
        names("vi vim nvim view ex ed less more man gdb lldb mutt ftp lftp bc dc mail mailx nano"),
        _editor,
    ),
    **dict.fromkeys(names("sqlite3 psql mysql mariadb sqlplus mongo"), _client),
    "man": _options("-P", "--pager", "-H"),
    "zip": _options("-TT", "--unzip-command"),
    "expect": _expect,
    "tmux": _last,
    **dict.fromkeys(("ansible", "ansible-console"), _ansible),
    **dict.fromkeys(("salt", "salt-call", "salt-ssh"), _salt),
    "start-stop-daemon": _options("-x", "--exec", "-a", "--startas"),
    **dict.fromkeys(
        ("strace", "ltrace"),
        lambda call: [one[1:] for one in call.values("-o", "--output") if one[:1] in ("|", "!")],
    ),
    "split": _options("--filter"),
    "sort": _options("--compress-program"),
    "nc": _options("-c", "--sh-exec"),
    "entr": lambda call: [" ".join(call.operands)],
    "watchexec": lambda call: [" ".join(call.operands)],
    "nodemon": _options("-x", "--exec"),
    "logsave": lambda call: [" ".join(call.operands[1:])],
    "fd": _options("-x", "--exec", "-X", "--exec-batch"),
    "apt-get": lambda call: [
        match[1]
        for one in call.values("-o", "--option")
        for match in [re.match(r"(?:APT|DPkg)::.*Invoke.*?=(.*)", one, re.I)]
        if match
    ],
    "docker": _options("--health-cmd"),
    "wget": _options("--use-askpass"),
    "openvt": lambda call: [" ".join(call.operands)],
    "tcpdump": _options("-z"),
    "xterm": _options("-e"),
    "socat": lambda call: re.findall(r"(?i)(?:system|exec):([^,]*)", " ".join(call.operands)),
}


def carried(call: Call) -> list[str]:
    """Return the texts that a program which is no shell gives to one."""
    found = _CARRIERS.get(call.name)
    return found(call) if found else []
