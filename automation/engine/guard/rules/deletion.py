"""Removing what the server, or its users, can't do without."""

from automation.engine.guard.archives import archiving
from automation.engine.guard.call import Call
from automation.engine.guard.finds import search
from automation.engine.guard.paths import is_base, is_core, is_file, is_place
from automation.engine.guard.rule import rule
from automation.engine.guard.written import operands_of, removed

_REMOVERS = frozenset(("rm", "unlink", "shred", "wipe", "srm", "mv", "truncate"))


def _is_broken(path: str) -> bool:
    return is_place(path) or is_file(path)


def _finds_all(call: Call) -> bool:
    """Whether find removes from a place without choosing, or from one where none may choose."""
    asked = search(call)
    runs = {words[0].rpartition("/")[2] for words in asked.runs if words}
    written = tuple(map(call.path, asked.written))
    removes = asked.deletes or bool(runs & _REMOVERS)
    return any(map(is_file, written)) or any(
        removes and (is_core(one) or (is_place(f"{one}/*") and not asked.is_choosy))
        for one in asked.starts
    )


def _unpacks(call: Call) -> bool:
    """Whether an archive is unpacked over the system: all of it, or members that it needs."""
    if call.name in ("tar", "gtar"):
        done = archiving(call)
        if not done.extracts:
            return False
        if done.members and not done.is_listed:
            return any(one == "/" or "*" in one or is_file(one) for one in done.members)
        return done.folder != "~" and is_base(done.folder)
    folders = tuple(map(call.path, call.values("-C", "--directory", "-d", "-D", "-o", "-dest")))
    unpacks = (
        (call.name in ("bsdtar",) and call.has("x"))
        or (call.name in ("unzip", "unrar") and not call.has("lptvZ"))
        or (call.name in ("cpio", "pax") and call.has("ir", "extract") and not call.has("t"))
        or (call.name in ("7z", "7za", "7zr") and call.verb("x", "e"))
        or call.name == "unsquashfs"
    )
    return unpacks and any(one != "~" and is_base(one) for one in folders or (call.at,))


def _copies_over(call: Call) -> bool:
    """Whether a whole folder's contents are copied over a part of the system."""
    given = operands_of(call)
    whole = any(one.endswith(("/.", "/*", "/")) for one in given[:-1])
    return whole and call.has("rRa", "recursive", "archive") and any(
        map(is_base, (*map(call.path, given[-1:]), *map(call.path, call.values("-t"))))
    )  # fmt: skip


RULES = (
    rule(
        "DELETE_RECURSIVE",
        "rm wipe srm trash trash-put rmtree gio",
        lambda call: (
            (call.has("rR", "recursive") or call.name != "rm") and any(map(is_place, call.paths))
        ),
        "It removes a folder that the server, or its users, can't do without.",
    ),
    rule(
        "DELETE_FILE",
        "rm unlink shred wipe srm trash trash-put grm",
        lambda call: any(map(is_file, call.paths)),
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
        "DELETE_FOUND",
        "fd fdfind",
        lambda call: (
            bool({*call.values("-x", "--exec", "-X", "--exec-batch")} & _REMOVERS)
            and any(map(is_place, call.paths))
        ),
        "It seeks out and removes files where the server keeps what it needs.",
    ),
    rule(
        "DELETE_FOLDER",
        "rmdir",
        lambda call: any(map(is_place, call.paths)) and call.has("p", "parents", "ignore"),
        "It removes a folder that the server can't do without, and those above it.",
    ),
    rule(
        "SYNC_DELETE",
        "rsync rclone robocopy",
        lambda call: (
            (any(one.startswith("--del") for one in call.args) or call.verb("sync", "purge"))
            and any(map(_is_broken, map(call.path, operands_of(call)[-1:])))
        ),
        "It makes a folder that the server needs equal to another one, removing the rest.",
    ),
    rule(
        "MOVE_AWAY",
        "mv rsync tar gtar zip 7z 7za 7zr rename prename rename.ul mmv",
        lambda call: any(map(_is_broken, removed(call))),
        "It moves away what the server can't do without.",
    ),
    rule(
        "COPY_OVER_SYSTEM",
        "cp rsync",
        _copies_over,
        "It copies a whole folder over the system itself.",
    ),
    rule(
        "REPLACE_FOLDER",
        "ln mv",
        lambda call: (
            call.has("Tn", "no-target", "no-dereference")
            and any(one != "~" and is_base(one) for one in call.paths[-1:])
        ),
        "It puts something else in the place of a folder that the server needs.",
    ),
    rule(
        "UNPACK_OVER_SYSTEM",
        "tar gtar bsdtar unzip unrar cpio pax 7z 7za 7zr unsquashfs",
        _unpacks,
        "It unpacks over the system itself.",
    ),
    rule(
        "CLEAN_ROOT",
        "git",
        lambda call: (
            "clean" in call.operands
            and call.path((*call.values("-C", "--work-tree"), ".")[0]) != "~"
            and is_place(call.path((*call.values("-C", "--work-tree"), ".")[0]))
        ),
        "It removes what git does not know from a place that the server needs.",
    ),
    rule(
        "HIDE_ROOT",
        "umount",
        lambda call: (
            any(
                one in ("/", "/usr", "/var", "/boot", "/home", "/proc", "/sys", "/dev")
                for one in call.paths
            )
            or call.has("a", "all")
        ),
        "It unmounts what the server runs from.",
    ),
    rule(
        "MOUNT_OVER_SYSTEM",
        "mount",
        lambda call: (
            len(call.paths) > 1
            and not any("remount" in one for one in call.values("-o", "--options"))
            and (call.paths[-1] == "/" or is_core(call.paths[-1]) or call.paths[-1] == "/var")
            and not call.paths[-1].startswith(("/proc/sys/fs/", "/sys/", "/boot/efi", "/dev/"))
        ),
        "It hides a part of the system behind something else.",
    ),
    rule(
        "READ_ONLY_ROOT",
        "mount",
        lambda call: (
            any(
                "remount" in one and "ro" in one.split(",")
                for one in call.values("-o", "--options")
            )
            and any(one in ("/", "/usr", "/var", "/boot", "/home") for one in call.paths)
        ),
        "It keeps the server from writing anything more.",
    ),
    rule(
        "FREEZE_ROOT",
        "fsfreeze xfs_freeze pivot_root",
        lambda call: call.name == "pivot_root" or call.has("f", "freeze"),
        "It keeps the server from writing anything more.",
    ),
)
