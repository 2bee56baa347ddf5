"""What runs inside a command: the program behind sudo, find or xargs, the text behind a shell."""

import re
from dataclasses import dataclass, field

from automation.engine.guard.call import Call
from automation.engine.guard.code import code_of, is_interpreter, shell_texts
from automation.engine.guard.names import names
from automation.engine.guard.words import ANY

SHELLS = frozenset(
    names(
        """
    sh bash dash ash ksh ksh93 mksh zsh fish csh tcsh rbash busybox-sh
    """
    )
)


@dataclass(frozen=True, kw_only=True)
class Inner:
    """What a command runs: words, or a text that a shell reads."""

    words: tuple[str, ...] = ()
    text: str | None = None
    stdin: tuple[str, ...] | None = None
    at: str | None = None
    """The folder, where the wrapper changes it."""
    parameters: tuple[str, ...] = ()
    """``$0``, ``$1``, ... of a text."""


@dataclass(frozen=True)
class Wrapper:
    """How a program is called that runs another one."""

    valued: frozenset[str] = field(default_factory=frozenset)
    """Options whose value is the next word."""
    operands: int = 0
    """Words of its own before the program."""
    joined: bool = False
    """Whether a shell reads the rest."""


def _of(valued: str = "", operands: int = 0, *, joined: bool = False) -> Wrapper:
    return Wrapper(frozenset(valued.split()), operands, joined)


WRAPPERS = {
    "sudo": _of(
        "-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --role --type "
        "--chroot --close-from --command-timeout --other-user"
    ),
    "doas": _of("-u -C"),
    "pkexec": _of("--user"),
    "env": _of("-u -C --unset --chdir -a --argv0"),
    "timeout": _of("-k -s --kill-after --signal", 1),
    "gtimeout": _of("-k -s", 1),
    "nice": _of("-n --adjustment"),
    "ionice": _of("-c -n --class --classdata"),
    "stdbuf": _of("-i -o -e --input --output --error"),
    "exec": _of("-a"),
    "strace": _of("-e -o -p -s -u -E -a -P"),
    "ltrace": _of("-e -o -p -s -u -n -a"),
    "chrt": _of("-T -P -D", 1),
    "taskset": _of("", 1),
    "flock": _of("-w -E --timeout --wait --conflict-exit-code", 1),
    "systemd-run": _of("-p -u -E -M -H --unit --property --setenv --uid --gid --slice --machine"),
    "systemd-inhibit": _of("--what --who --why --mode"),
    "systemd-nspawn": _of("-D -M --directory --machine"),
    "runuser": _of("-u -g -G --user --group"),
    "setpriv": _of("--reuid --regid --groups"),
    "time": _of("-f -o --format --output"),
    "chroot": _of("", 1),
    "nsenter": _of("-t --target -S -G"),
    "unshare": _of("-R -w -S -G --root --wd"),
    "watch": _of("-n -q --interval --equexit", joined=True),
    "ssh": _of("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w", 1, joined=True),
    "sshpass": _of("-p -f -d -P"),
    "parallel": _of("-j -S --jobs"),
    "prlimit": _of(""),
    "cgexec": _of("-g"),
    "numactl": _of("-C -N -m -i"),
    "lxc-attach": _of("-n --name"),
    "screen": _of("-S -c -h -p -t -T -e -s"),
    **{
        name: _of()
        for name in names(
            """
    nohup setsid command builtin busybox toybox ld.so ld-linux-x86-64.so.2 fakeroot
    unbuffer eatmydata catchsegv coproc linux64 linux32 setarch firejail proot then else
    """
        )
    },
}
_ASSIGNED = re.compile(r"^[A-Za-z_]\w*=")
_STOP = frozenset(("-V", "--version", "--help"))
_CONTAINERS = frozenset(("docker", "podman", "nerdctl", "kubectl", "lxc", "oc"))
_IN_CONTAINER = _of(
    "-v -e -u -w -p --name --volume --env --user --workdir --network --entrypoint -n --namespace "
    "-c --container --mount --publish --env-file -h --hostname -l --label -m --memory",
    1,
)


def inner(call: Call) -> list[Inner]:  # noqa: C901 - one case a kind of program
    """Return what a call runs, in the order of its words; nothing for most programs."""
    name = call.name
    if name in SHELLS:
        return _shell(call)
    if name in ("eval", "at", "batch", "su", "script", "trap", "alias"):
        return _texts(call)
    if name == "env" and call.values("-S", "--split-string"):
        return [Inner(text=" ".join(call.values("-S", "--split-string")))]
    if name in _CARRIERS:
        return [Inner(text=one) for one in _carried(call) if one]
    if name == "find":
        return _find(call)
    if name == "xargs":
        return _xargs(call)
    if name in _CONTAINERS and call.verb("run", "exec", "create"):
        at = call.args.index(call.operands[0])
        return [Inner(words=_rest(call.args[at + 1 :], _IN_CONTAINER))]
    if name in ("flock", "runuser", "unshare") and call.values("-c", "--command"):
        return [Inner(text=one) for one in call.values("-c", "--command")]
    if texts := shell_texts(call):
        return [Inner(text=one) for one in texts if one]
    if is_interpreter(name) and ANY in code_of(call):
        return [Inner(text=ANY)]
    wrapper = WRAPPERS.get(name)
    if wrapper is None or (name == "command" and call.has("vV")):
        return []
    return _wrapped(call, wrapper)


def _wrapped(call: Call, wrapper: Wrapper) -> list[Inner]:
    rest = _rest(call.args, wrapper)
    at = next(iter(call.values("-C", "--chdir", "-D")), None) if call.name != "doas" else None
    if wrapper.joined:
        return [Inner(text=" ".join(rest), stdin=call.stdin)] if rest else []
    return [Inner(words=rest, stdin=call.stdin, at=call.path(at) if at else None)]


def _rest(args: tuple[str, ...], wrapper: Wrapper) -> tuple[str, ...]:
    """Return the words after a wrapper's own."""
    at, operands = 0, wrapper.operands
    while at < len(args):
        word = args[at]
        if word.startswith("-"):
            is_last = len(word) > 2 and word[1] != "-" and word[2:].isalpha()
            takes_next = word in wrapper.valued or (is_last and f"-{word[-1]}" in wrapper.valued)
            at += 2 if takes_next and word != "-oL" else 1
        elif operands:
            operands -= 1
            at += 1
        elif _ASSIGNED.match(word):
            at += 1
        else:
            return args[at:]
    return ()


def _shell(call: Call) -> list[Inner]:
    """Return the text that a shell reads: its ``-c``, else its input; a file is not looked into."""
    at = 0
    while at < len(call.args):
        word = call.args[at]
        if word in ("-o", "+o", "-O", "--rcfile", "--init-file"):
            at += 2
        elif word.startswith(("-", "+")) and len(word) > 1:
            at += 1
            if word[1] != "-" and "c" in word[1:]:
                rest = [one for one in call.args[at:] if one not in ("--",)]
                while rest and rest[0].startswith(("-", "+")):
                    rest = rest[1:]
                return [Inner(text=one, parameters=tuple(rest[1:])) for one in rest[:1]]
            if word == "-s":
                break
            if word in _STOP:
                return []
        else:
            return [] if word not in ("-", "/dev/stdin") else _input(call)
    return _input(call)


def _input(call: Call) -> list[Inner]:
    return [Inner(text=one) for one in (call.stdin or (ANY,))]


def _texts(call: Call) -> list[Inner]:
    """Return the text that these give to a shell."""
    match call.name:
        case "eval":
            return [Inner(text=" ".join(call.args))]
        case "at" | "batch":
            return [] if call.has("lcdrqf") and call.stdin is None else _input(call)
        case "su" | "script":
            found = [Inner(text=one) for one in call.values("-c", "--command", "-qc", "-lc")]
            piped = call.name == "su" and call.stdin is not None and not found
            return found + (_input(call) if piped else [])
        case "trap":
            return [Inner(text=one) for one in call.operands[:1] if one]
        case _:
            return [Inner(text=one.partition("=")[2]) for one in call.operands if "=" in one]


_CARRIERS = {
    "tmux": (),
    "expect": (),
    "ansible": ("-a", "--args"),
    "start-stop-daemon": ("-x", "--exec", "-a", "--startas"),
}


def _carried(call: Call) -> list[str]:
    """Return the texts that hide in an option, or in the last word."""
    if call.name == "tmux":
        return list(call.operands[1:][-1:])
    if call.name == "expect":
        return re.findall(r"(?:spawn|exec|system)\s+([^;\n]*)", "\n".join(call.values("-c")))
    return list(call.values(*_CARRIERS[call.name]))


def _find(call: Call) -> list[Inner]:
    args = call.args
    starts = find_starts(call)
    found = []
    for at, word in enumerate(args):
        if word not in ("-exec", "-execdir", "-ok", "-okdir"):
            continue
        rest = args[at + 1 :]
        end = next((n for n, one in enumerate(rest) if one in (";", "+")), len(rest))
        for start in starts:
            found += [
                Inner(words=tuple(one.replace("{}", path) for one in rest[:end]))
                for path in (start, f"{start.rstrip('/')}/{ANY}")
            ]
    return found


def find_starts(call: Call) -> tuple[str, ...]:
    """Return where a find begins."""
    args = [one for one in call.args if one not in ("-H", "-L", "-P")]
    end = next((n for n, one in enumerate(args) if one[:1] in ("-", "(", "!")), len(args))
    return tuple(call.path(one) for one in args[:end]) or (call.at,)


def finds_some(call: Call) -> bool:
    """Whether a find chooses by more than the kind of file."""
    names = call.values("-name", "-iname", "-path", "-wholename", "-regex")
    return call.flag(*_CHOICES) or any(one.strip("*?.") for one in names)


_CHOICES = names(
    """
    -mtime -mmin -atime -amin -ctime -cmin -user -group -newer -newermt -size -perm -empty
    -nouser -nogroup -uid -gid -inum
    """
)
_XARGS = _of("-I -n -L -P -a -d -E -s --max-args --max-procs --arg-file --delimiter --replace")


def _xargs(call: Call) -> list[Inner]:
    words = _rest(call.args, _XARGS)
    marks = call.values("-I") or (("{}",) if call.has("i", "replace") else ())
    items = call.stdin if call.stdin and not call.has("a", "arg-file") else (ANY,)
    if not words:
        return []
    if marks:
        return [
            Inner(words=tuple(one.replace(marks[0], item) for one in words))
            for text in items
            for item in text.split("\n")
        ]
    return [Inner(words=(*words, *text.replace("\\0", " ").split())) for text in items]
