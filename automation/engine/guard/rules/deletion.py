"""Removing what the server, or its users, can't do without."""

from automation.engine.guard.call import Call
from automation.engine.guard.inner import find_starts, finds_some
from automation.engine.guard.paths import is_core, is_file, is_place
from automation.engine.guard.rule import rule

_ASKS = ("--help", "--version")
_REMOVERS = frozenset(("rm", "unlink", "shred", "wipe", "srm", "mv", "truncate"))


def _is_broken(path: str) -> bool:
    return is_place(path) or is_file(path)


def _finds_all(call: Call) -> bool:
    """Whether find removes from a place without choosing, or from one where none may choose."""
    runs = {one.rpartition("/")[2] for one in call.values("-exec", "-execdir", "-ok", "-okdir")}
    removes = call.flag("-delete", "-fprint", "-fprintf", "-fls") or bool(runs & _REMOVERS)
    written = map(call.path, call.values("-fprint", "-fprintf", "-fls"))
    return removes and any(
        is_core(one) or (is_place(f"{one}/*") and not finds_some(call))
        for one in (*find_starts(call), *written)
    )


RULES = (
    rule(
        "DELETE_RECURSIVE",
        "rm wipe srm trash rmtree",
        lambda call: (
            not call.flag(*_ASKS)
            and (call.has("rR", "recursive") or call.name != "rm")
            and any(map(is_place, call.paths))
        ),
        "It removes a folder that the server, or its users, can't do without.",
    ),
    rule(
        "DELETE_FILE",
        "rm unlink shred wipe srm",
        lambda call: not call.flag(*_ASKS) and any(map(is_file, call.paths)),
        "It removes a file that the server can't do without.",
    ),
    rule(
        "DELETE_ALL_HERE",
        "rm",
        lambda call: any(one == "/*" or one.startswith("/*/") for one in call.paths),
        "It removes what lies at the root of the file system.",
    ),
    rule(
        "DELETE_FOUND",
        "find",
        _finds_all,
        "It seeks out and removes files where the server keeps what it needs.",
    ),
    rule(
        "DELETE_FOLDER",
        "rmdir",
        lambda call: call.has("p", "parents") and any(map(is_place, call.paths)),
        "It removes a folder that the server can't do without, and those above it.",
    ),
    rule(
        "SYNC_DELETE",
        "rsync",
        lambda call: (
            any(one.startswith(("--del", "--remove-source")) for one in call.args)
            and any(map(_is_broken, call.paths[-1:]))
        ),
        "It makes a folder that the server needs equal to another one, removing the rest.",
    ),
    rule(
        "MOVE_AWAY",
        "mv",
        lambda call: any(map(_is_broken, call.paths[:-1])),
        "It moves away what the server can't do without.",
    ),
    rule(
        "CLEAN_ROOT",
        "git",
        lambda call: (
            "clean" in call.operands
            and "-n" not in call.args
            and call.path((*call.values("-C"), ".")[0]) != "~"
            and is_place(call.path((*call.values("-C"), ".")[0]))
        ),
        "It removes what git does not know from a place that the server needs.",
    ),
    rule(
        "HIDE_ROOT",
        "umount",
        lambda call: (
            any(one in ("/", "/usr", "/var", "/boot", "/home") for one in call.paths)
            or call.has("a", "all")
        ),
        "It unmounts what the server runs from.",
    ),
    rule(
        "READ_ONLY_ROOT",
        "mount",
        lambda call: (
            any("remount" in one and "ro" in one.split(",") for one in call.values("-o"))
            and any(one in ("/", "/usr", "/var") for one in call.paths)
        ),
        "It keeps the server from writing anything more.",
    ),
)
