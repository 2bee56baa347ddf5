"""Giving strangers a shell or the server's secrets, and the machine to a container."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.names import names
from automation.engine.guard.outputs import SECRET
from automation.engine.guard.paths import is_secret
from automation.engine.guard.rule import rule

_SENDERS = (
    "curl wget scp rsync nc ncat netcat socat ftp sftp ssh telnet mail mailx sendmail openssl"
)
_WHOLE = frozenset(
    names(
        """
    / /etc /root /boot /usr /var /dev /proc /sys /bin /lib /home /var/run/docker.sock
    /run/docker.sock /run/containerd/containerd.sock /var/lib/docker
    """
    )
)


def _sends_secret(call: Call) -> bool:
    """Whether a file that must not leave the server is given to what sends things."""
    last = call.args[-1] if call.args else ""
    given = [
        part
        for one in (*call.args, *(call.stdin or ()))
        for part in (one, one.partition("=")[2], one.partition("@")[2], one[2:])
    ]
    paths = {call.path(one) for one in given if one.startswith(("/", "~"))}
    paths |= {one.removeprefix("file://") for one in given}
    paths |= {f"~{one.removeprefix('/root')}" for one in paths if one.startswith("/root/")}
    goes_out = call.name not in ("scp", "rsync") or ":" in last
    marked = any(SECRET in one for one in given)
    return goes_out and (marked or any(map(is_secret, paths)))


def _mounts_all(call: Call) -> bool:
    mounted = [
        one.partition(":")[0].rstrip("/") or "/" for one in call.values("-v", "--volume") if one
    ]
    sources = [
        part.partition("=")[2]
        for one in call.values("--mount")
        for part in one.split(",")
        if part.startswith(("source=", "src="))
    ]
    opened = call.flag("--privileged") or "host" in call.values("--pid", "--ipc", "--userns")
    return call.verb("run", "create") and (
        opened
        or any(
            one in _WHOLE or one.startswith(("/dev/sd", "/dev/nvme", "/dev/vd"))
            for one in (*mounted, *sources, *call.values("--device"))
        )
    )


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
            else bool(re.search(r"(exec|system|shell):", call.text, re.I))
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
)
