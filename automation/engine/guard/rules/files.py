"""Writing over files that keep the server running, or keep strangers out."""

from automation.engine.guard.call import Call
from automation.engine.guard.paths import is_file
from automation.engine.guard.rule import rule

_TARGETS = ("-t", "--target-directory", "-o", "-O", "--output", "--output-document", "-C", "-d")


def _written(call: Call) -> tuple[str, ...]:
    """Return the paths that a program writes to."""
    name, paths = call.name, call.paths
    named = tuple(map(call.path, call.values(*_TARGETS)))
    match name:
        case ">" | "tee" | "truncate" | "sponge":
            return paths
        case "cp" | "mv" | "ln" | "rsync" | "scp" | "install":
            return (*paths[-1:], *(named if name in ("cp", "mv", "ln", "install") else ()))
        case "dd":
            return tuple(map(call.path, call.settings("of")))
        case "sed" | "perl" | "ruby" | "gsed":
            return (
                paths
                if any(one.startswith(("-i", "-pi", "--in-p", "-ni")) for one in call.args)
                else ()
            )
        case "chattr":
            return paths if call.operands[:1] == ("-i",) or call.flag("-i", "-a") else ()
        case _:
            return named


RULES = (
    rule(
        "WRITE_SYSTEM_FILE",
        "> tee truncate sponge cp mv ln rsync scp install dd sed gsed perl ruby chattr curl wget",
        lambda call: any(map(is_file, _written(call))),
        "It writes to a file that keeps the server running, or keeps strangers out.",
    ),
    rule(
        "UNPACK_OVER_SYSTEM",
        "tar bsdtar unzip cpio",
        lambda call: (
            any(
                one == "/" or is_file(one)
                for one in map(call.path, call.values("-C", "--directory", "-d"))
            )
            and not call.has("tc", "list", "create")
            # Putting a backup back where it was made: a stranger's archive has other numbers.
            and not (call.flag("--numeric-owner") and call.flag("--same-owner"))
        ),
        "It unpacks over the system itself.",
    ),
    rule(
        "PRELOAD",
        "=",
        lambda call: (
            call.args[0] in ("LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV") and call.args[1] != ""
        ),
        "It makes each program run somebody else's code first.",
    ),
    rule(
        "PRELOAD_THROUGH",
        "env sudo doas systemd-run",
        lambda call: any(
            one.startswith(("LD_PRELOAD=", "LD_AUDIT=", "BASH_ENV=")) for one in call.args
        ),
        "It makes each program run somebody else's code first.",
    ),
    rule(
        "EDIT_SUDOERS",
        "visudo vipw vigr",
        lambda call: not call.has("cV", "check"),
        "It edits who may do what.",
    ),
)
