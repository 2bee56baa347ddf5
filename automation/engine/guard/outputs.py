"""What well-known programs print, so far as their words tell it."""

import base64
import binascii
import re

from automation.engine.guard.archives import archiving
from automation.engine.guard.call import Call
from automation.engine.guard.finds import search
from automation.engine.guard.names import names
from automation.engine.guard.paths import is_secret
from automation.engine.guard.words import ANY, escapes

_QUIET = frozenset(
    names(
        """
    ssh-agent dircolors brew direnv cd true : test [ set export
    """
    )
)
PROCESSES = "pgrep:"
"""Begins what stands for the numbers of the processes of this name; ``*`` stands for all."""
CONTAINERS = "containers:*"
"""Stands for the names of all containers, images or volumes."""
SECRET = "secret:"  # noqa: S105 - a mark, no secret
"""Begins what stands for the contents of a file that must not leave the server."""
# They print what they are given, or a part of it, in some form.
_PASSES_ON = frozenset(
    names(
        """
    awk gawk mawk cut sort uniq head tail tr sed column xargs paste grep egrep nl fmt fold gzip
    xz bzip2 zstd base64 base32 xxd od hexdump openssl gpg pv buffer rev tac
    """
    )
)
_READS = frozenset(
    names("cat head tail tac nl base64 base32 xxd od gzip xz zcat strings cut awk tar")
)


def output_of(call: Call) -> tuple[str, ...]:  # noqa: C901 - one case a program
    """Return what a call may print; unknown text where nobody can tell."""
    marks = [one for one in call.stdin or () if one.startswith((PROCESSES, SECRET, CONTAINERS))]
    if marks and call.name in _PASSES_ON:
        return (*(_picked(call, one) for one in marks),)
    if call.name in _READS and (read := _read(call)):
        return read
    match call.name:
        case "echo":
            text = " ".join(one for one in call.args if not re.fullmatch(r"-[neE]+", one))
            return (f"{escapes(text) if call.has('e') else text}\n",)
        case "printf":
            return (_formatted(call.args[call.args[:1] == ("--",) :]),)
        case "cat" | "tee" if not call.operands or call.name == "tee":
            return call.stdin or (ANY,)
        case "base64" | "base32" | "xxd" | "rev" | "tr" if call.stdin:
            return (*(_decoded(call, one) for one in call.stdin), ANY)
        case "dirname":
            return tuple(one.rstrip("/").rpartition("/")[0] or "/" for one in call.operands)
        case "basename":
            return tuple(one.rstrip("/").rpartition("/")[2] for one in call.operands[:1]) or (ANY,)
        case "ls" if "/proc" in call.paths:
            return (f"{PROCESSES}*",)
        case "ls" | "readlink" | "realpath" | "which" | "command" | "type":
            return ("\n".join(call.operands) or ANY,)
        case "pgrep" if {"root", "0"} & {*call.values("-u", "-U", "--euid", "--uid")}:
            return (f"{PROCESSES}*",)
        case "pgrep" | "pidof":
            return tuple(f"{PROCESSES}{one}" for one in call.operands) or (f"{PROCESSES}*",)
        case "ps":
            return (ANY,) if call.has("pCtug", "pid", "ppid") else (f"{PROCESSES}*",)
        case "blkid" if call.values("-o", "--output") == ("device",) or call.has("L", "label"):
            return ("/dev/sda",)
        case "lsblk" | "findmnt" if call.has("p", "paths") or "SOURCE" in " ".join(call.args):
            return ("/dev/sda", ANY)
        case "kubectl" | "oc" if call.verb("get") and "name" in call.values("-o", "--output"):
            return tuple(f"{one}/{ANY}" for one in call.operands[1:2])
        case "docker" | "podman" | "nerdctl" if _lists_containers(call):
            return (CONTAINERS,)
        case "find":
            asked = search(call)
            every = ANY if asked.is_choosy else "*"
            return tuple(f"{one.rstrip('/')}/{every}" for one in asked.starts)
        case "mktemp":
            return (f"/tmp/{ANY}",)  # noqa: S108 - where it would be
        case "pwd":
            return (call.at,)
        case name if name in _QUIET:
            return ("",)
        case _:
            return (ANY,)


def _read(call: Call) -> tuple[str, ...]:
    """Return what reading these files gives, where that says something."""
    for path in call.paths:
        if call.name == "tar" and not archiving(call).archives and is_secret(path):
            return (f"{SECRET}{path}",)
        if call.name != "tar" and is_secret(path):
            return (f"{SECRET}{path}",)
        if path.endswith(".pid") and call.name != "tar":
            return (f"{PROCESSES}{path.rpartition('/')[2].removesuffix('.pid')}",)
    return ()


def _picked(call: Call, text: str) -> str:
    """Return what a filter leaves of a list of processes: those that its pattern names."""
    if not text.startswith(PROCESSES):
        return text
    patterns = call.operands[:1] if call.name in ("grep", "egrep") else ()
    if call.name in ("awk", "gawk", "mawk"):
        patterns = tuple(re.findall(r"/([^/]*)/", "".join(call.operands[:1])))
    if call.name in ("grep", "egrep") and (call.has("v", "invert-match") or patterns == ("grep",)):
        return text
    if not patterns or not re.search(r"[A-Za-z]", patterns[0]):
        return text
    return f"{PROCESSES}{re.sub(r'[][^$]', '', patterns[0])}"


def _decoded(call: Call, text: str) -> str:
    """Return a text as decoded; unknown text where it can't be."""
    try:
        match call.name:
            case "base64" if call.has("dD", "decode"):
                return base64.b64decode(text).decode()
            case "base32" if call.has("d", "decode"):
                return base64.b32decode(text.strip()).decode()
            case "xxd" if call.has("r", "revert"):
                return bytes.fromhex(re.sub(r"\s", "", text)).decode()
            case "rev":
                return "\n".join(line[::-1] for line in text.split("\n"))
            case "tr" if call.has("d", "delete"):
                return "".join(one for one in text if one not in _span(call.operands[0]))
            case "tr" if len(call.operands) == 2:
                return text.translate(str.maketrans(*map(_span, call.operands)))
            case _:
                return ANY
    except (ValueError, IndexError, binascii.Error):
        return ANY


def _span(text: str) -> str:
    """Return the characters that tr means: ``a-c`` is ``abc``."""
    return re.sub(
        r"(.)-(.)",
        lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1))),
        escapes(text),
    )


def _lists_containers(call: Call) -> bool:
    lists = bool({"ps", "ls", "images", "list"} & set(call.operands[:2]))
    return lists and call.has("q", "quiet") and not call.has("f", "filter")


def _formatted(operands: tuple[str, ...]) -> str:
    """Return what printf makes of its format and arguments."""
    if not operands:
        return ""
    form, *rest = operands
    values = iter(rest)
    made = re.sub(
        r"%[-\d.]*([bsdqi])",
        lambda found: escapes(next(values, "")) if found[1] == "b" else next(values, ""),
        escapes(form),
    )
    left = tuple(values)
    return made + (_formatted((form, *left)) if 0 < len(left) < len(rest) else "")
