"""What runs inside a command: the program behind sudo, find or xargs, the text behind a shell."""

import re
import shlex
from dataclasses import dataclass

from automation.engine.guard.call import Call
from automation.engine.guard.carriers import carried
from automation.engine.guard.code import code_of, is_interpreter, shell_texts
from automation.engine.guard.finds import Search, search
from automation.engine.guard.known import KNOWN, LAUNCHED
from automation.engine.guard.names import names
from automation.engine.guard.words import ANY
from automation.engine.guard.wrappers import WRAPPERS, Wrapper, rest, wrapper

SHELLS = frozenset(
    names(
        """
    sh bash dash ash ksh ksh93 mksh zsh fish csh tcsh rbash busybox-sh posh yash pwsh
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
    is_sure: bool = True
    """Whether it is certainly run: what only may be is not refused for being unreadable."""


_STOP = frozenset(("-V", "--version", "--help"))
_CONTAINERS = frozenset(("docker", "podman", "nerdctl", "kubectl", "lxc", "oc", "incus", "ctr"))
_IN_CONTAINER = wrapper(
    "-v -e -u -w -p --name --volume --env --user --workdir --network --entrypoint -n --namespace "
    "-c --container --mount --publish --env-file -h --hostname -l --label -m --memory",
    1,
)
_XARGS = wrapper("-I -n -L -P -a -d -E -s --max-args --max-procs --arg-file --delimiter --replace")
_SPREADS = frozenset(names("chmod chown chgrp setfacl chattr chcon"))
_MOST_ITEMS = 64


def inner(call: Call) -> list[Inner]:  # noqa: C901 - one case a kind of program
    """Return what a call runs, in the order of its words; nothing for most programs."""
    name = call.name
    if name in SHELLS:
        return _shell(call)
    if name in ("eval", "at", "batch", "su", "newgrp", "script", "trap"):
        return _texts(call)
    if name == "env" and call.values("-S", "--split-string"):
        return [Inner(text=" ".join(call.values("-S", "--split-string")))]
    if name == "find":
        return _find(search(call))
    if name == "xargs":
        return _xargs(call)
    if name == "parallel":
        return _parallel(call)
    if name == "ip" and "exec" in call.operands:
        at = call.args.index("exec")
        return [Inner(words=call.args[at + 2 :], stdin=call.stdin)]
    if name in _CONTAINERS and call.verb("run", "exec", "create"):
        at = call.args.index(call.operands[0])
        words = rest(call.args[at + 1 :], _IN_CONTAINER)
        entry = call.values("--entrypoint")
        return [Inner(words=(*entry[:1], *words))]
    if name in ("flock", "runuser", "unshare", "sg", "ifne", "capsh") and call.values(
        "-c", "--command", "-lc"
    ):
        return [Inner(text=one) for one in call.values("-c", "--command", "-lc")]
    if name == "crontab":
        return _scheduled(call)
    texts = [*shell_texts(call), *carried(call)]
    if texts:
        return [Inner(text=one, is_sure=False) for one in texts if one]
    if is_interpreter(name) and ANY in code_of(call):
        return [Inner(text=ANY)]
    if name in WRAPPERS and not (name == "command" and call.has("vV")):
        return _wrapped(call, WRAPPERS[name])
    return _maybe_wrapped(call)


def _wrapped(call: Call, of: Wrapper) -> list[Inner]:
    words = rest(call.args, of)
    at = next(iter(call.values("-C", "--chdir", "-D")), None) if call.name != "doas" else None
    if of.joined:
        if not words and call.name in ("ssh", "rsh", "mosh") and call.stdin:
            # The shell over there reads what is given to it.
            return [Inner(text=one) for one in call.stdin]
        return [Inner(text=" ".join(words), stdin=call.stdin)] if words else []
    found = [Inner(words=words, stdin=call.stdin, at=call.path(at) if at else None)]
    if call.name == "sudo" and call.has("si", "shell", "login"):
        found.append(Inner(text=" ".join(words), stdin=call.stdin))
    return found


def _maybe_wrapped(call: Call) -> list[Inner]:
    """Return what an unknown program would start, if its words hold a program with arguments."""
    if call.name in KNOWN or call.name in LAUNCHED or call.word.startswith(("/etc/", "./")):
        return []
    return [
        Inner(words=call.args[at:], stdin=call.stdin, is_sure=False)
        for at, word in enumerate(call.args[:-1])
        if word.rpartition("/")[2] in LAUNCHED
    ]


def _shell(call: Call) -> list[Inner]:
    """Return the text that a shell reads: its ``-c``, else its input; a file is not looked into."""
    at = 0
    while at < len(call.args):
        word = call.args[at]
        if word in ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"):
            at += 2
        elif word.startswith(("-", "+")) and len(word) > 1:
            at += 1
            if (word[1] != "-" and "c" in word[1:]) or word in ("--command", "-Command"):
                words = [one for one in call.args[at:] if one not in ("--",)]
                while words and words[0].startswith(("-", "+")):
                    words = words[1 + (words[0] in ("-o", "+o", "-O", "+O")) :]
                return [Inner(text=one, parameters=tuple(words[1:])) for one in words[:1]]
            if "s" in word[1:] and word[1] != "-":
                break
            if word in _STOP:
                return []
        else:
            return [] if word not in ("-", "/dev/stdin", "/dev/fd/0") else _input(call)
    return [] if "n" in "".join(one for one in call.options if one[1] != "-") else _input(call)


def _input(call: Call) -> list[Inner]:
    return [Inner(text=one) for one in (call.stdin or (ANY,))]


def _texts(call: Call) -> list[Inner]:
    """Return the text that these give to a shell."""
    match call.name:
        case "eval":
            return [Inner(text=" ".join(call.args))]
        case "at" | "batch":
            return [] if call.has("lcdrqf") and call.stdin is None else _input(call)
        case "su" | "newgrp" | "script":
            found = [Inner(text=one) for one in call.values("-c", "--command", "-qc", "-lc")]
            piped = call.name != "script" and call.stdin is not None and not found
            return found + (_input(call) if piped else [])
        case _:
            return [Inner(text=one) for one in call.operands[:1] if one]


def _scheduled(call: Call) -> list[Inner]:
    """Return the commands of a schedule that is read from the input."""
    lines = [one for text in call.stdin or () for one in text.split("\n")]
    found = [re.match(r"\s*(?:@\w+|(?:\S+\s+){5})(.*)", one) for one in lines]
    return [Inner(text=match[1], is_sure=False) for match in found if match]


def _find(asked: Search) -> list[Inner]:
    found = []
    for words in asked.runs:
        name = words[0].rpartition("/")[2] if words else ""
        spreads = name in _SPREADS and (not asked.is_choosy or "/" in asked.starts)
        for start in asked.starts:
            named = [value for name, value in asked.tests if name in ("-name", "-iname")]
            within = named or [ANY if asked.is_choosy else "*"]
            for path in (start, *(f"{start.rstrip('/')}/{one}" for one in within)):
                made = tuple(one.replace("{}", path) for one in words)
                found.append(Inner(words=(*made[:1], "-R", *made[1:]) if spreads else made))
    return found


def _xargs(call: Call) -> list[Inner]:
    words = rest(call.args, _XARGS)
    marks = call.values("-I") or (("{}",) if call.has("i", "replace") else ())
    items = call.stdin if call.stdin and not call.has("a", "arg-file") else (ANY,)
    if not words:
        return []
    if marks:
        return [
            Inner(words=tuple(one.replace(marks[0], item) for one in words))
            for text in items
            for item in text.split("\n")[:_MOST_ITEMS]
        ]
    # With nothing to read it runs once, as it stands.
    alone = [Inner(words=words)] if items == (ANY,) else []
    whole = call.has("0d", "null", "delimiter")
    return alone + [
        Inner(words=(*words, *(text.strip("\n").split("\n") if whole else text.split())))
        for text in items
    ]


def _parallel(call: Call) -> list[Inner]:
    """Return what GNU parallel runs: its words with each input, read by a shell."""
    words = rest(call.args, wrapper("-j -S -a -P --jobs --sshlogin --arg-file --colsep --delay"))
    ends = [n for n, one in enumerate(words) if one.startswith((":::", "::::"))]
    first = ends[0] if ends else len(words)
    given = [one for one in words[first:] if not one.startswith(":::")] if ends else []
    lines = [one for text in call.stdin or () for one in text.split("\n") if one]
    template = " ".join(words[:first])
    found = []
    for item in (given or lines or [ANY])[:_MOST_ITEMS]:
        quoted = item if item == ANY else shlex.quote(item)
        if not template:
            found.append(Inner(text=item))
        elif "{" in template:
            found.append(Inner(text=quoted.join(re.split(r"\{[./#]*\}", template))))
        else:
            found.append(Inner(text=f"{template} {quoted}"))
    return found
