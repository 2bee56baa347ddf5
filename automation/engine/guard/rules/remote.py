"""Giving strangers a shell or the server's secrets, and the machine to a container."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.code import code_of, is_interpreter
from automation.engine.guard.paths import is_file, is_place, is_secret
from automation.engine.guard.rule import rule

_SENDERS = "curl wget scp rsync nc ncat netcat socat ftp sftp"
_FORK = re.compile(r"(while|for|loop|until).*\bfork\b", re.S)
_BACK = re.compile(r"socket.*(pty|dup2|/bin/(ba)?sh|subprocess|exec)", re.S | re.I)
_WRITES = re.compile(
    r"(?:\bopen|remove|unlink|truncate|print|write\w*|chmod|rename|replace)\W[^;]*?[\"'](/[^\"']*)[\"']"
    r"(?!\s*(?:\)|,\s*[\"']rb?[\"']))|(?:remove|unlink)\(\s*[\"'](/[^\"']*)[\"']|"
    r"print[^;]*>\s*\"(/[^\"]*)\""
)
_REMOVAL = re.compile(
    r"(?:rmtree|rm_rf|rm_r|remove_tree|rmSync|unlink|File::Path)\W.*?[\"'](/[^\"']*|~)[\"']", re.S
)


def _sends_secret(call: Call) -> bool:
    last = call.args[-1] if call.args else ""
    paths = {call.path(one.rpartition("@")[2]) for one in call.args}
    paths |= {one.removeprefix("file://") for one in call.args}
    paths |= {f"~{one.removeprefix('/root')}" for one in paths if one.startswith("/root/")}
    goes_out = call.name not in ("scp", "rsync") or ":" in last
    return goes_out and any(map(is_secret, paths))


def _mounts_all(call: Call) -> bool:
    mounted = [one.partition(":")[0] for one in call.values("-v", "--volume")]
    sources = [
        part.partition("=")[2]
        for one in call.values("--mount")
        for part in one.split(",")
        if part.startswith(("source=", "src="))
    ]
    return call.verb("run", "create") and any(
        one in ("/", "/etc", "/var/run/docker.sock", "/root")
        or (one.startswith("/") and one in ("/boot", "/usr"))
        for one in (*mounted, *sources)
    )


def _code(call: Call) -> list[str]:
    return list(code_of(call)) if is_interpreter(call.name) else []


_LANGUAGES = "python* pypy* perl* ruby* php* node lua* tclsh"

RULES = (
    rule(
        "NETWORK_SHELL",
        ">",
        lambda call: call.args[0].startswith(("/dev/tcp/", "/dev/udp/")),
        "It gives the shell to whoever listens at another address.",
    ),
    rule(
        "NETWORK_SHELL_TOOL",
        "nc ncat netcat nc.traditional socat",
        lambda call: (
            call.has("ec", "exec", "sh-exec")
            if call.name != "socat"
            else bool(re.search(r"(exec|system):", call.text, re.I))
        ),
        "It gives a shell to whoever is at the other end.",
    ),
    rule("SEND_SECRET", _SENDERS, _sends_secret, "It sends the server's secrets elsewhere."),
    rule(
        "CONTAINER_HAS_ALL",
        "docker podman nerdctl",
        _mounts_all,
        "It gives a container the whole machine.",
    ),
    rule(
        "CODE_FORKS",
        _LANGUAGES,
        lambda call: any(map(_FORK.search, _code(call))),
        "It starts processes until the server can start nothing more.",
    ),
    rule(
        "CODE_NETWORK_SHELL",
        _LANGUAGES,
        lambda call: any(map(_BACK.search, _code(call))),
        "It gives a shell to whoever listens at another address.",
    ),
    rule(
        "CODE_WRITES",
        f"{_LANGUAGES} awk gawk mawk",
        lambda call: any(
            path and is_file(call.path(path))
            for code in (*_code(call), *(call.operands[:1] if "awk" in call.name else ()))
            for paths in _WRITES.findall(code)
            for path in paths
        ),
        "It writes to a file, or removes one, that the server can't do without.",
    ),
    rule(
        "CODE_DELETES",
        _LANGUAGES,
        lambda call: any(
            is_place(call.path(path)) for code in _code(call) for path in _REMOVAL.findall(code)
        ),
        "It removes a folder that the server can't do without.",
    ),
)
