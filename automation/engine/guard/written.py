"""Which paths a program writes over, and which it takes away, by its words."""

import re

from automation.engine.guard.archives import archiving
from automation.engine.guard.call import Call
from automation.engine.guard.names import names

_INTO = ("-t", "--target-directory")
# Options that name what is written.
_BY_OPTION = {
    program: tuple(options.split())
    for programs, options in (
        ("curl", "-o --output -D --dump-header -c --cookie-jar --trace --trace-ascii --stderr"),
        ("wget", "-O --output-document -o --output-file -a --append-output"),
        ("sort", "-o --output"),
        ("gpg gpg2", "-o --output"),
        ("openssl", "-out -keyout -writerand -signature"),
        ("gcc cc g++ clang ld as go rustc iconv pandoc mkisofs genisoimage xorriso", "-o --output"),
        ("xxd tcpdump dumpcap tshark", "-w"),
        ("strace ltrace perf", "-o --output"),
        ("pg_dump pg_dumpall", "-f --file"),
        ("mysqldump mariadb-dump", "-r --result-file"),
        ("ssh-keygen", "-f"),
        ("partclone.restore partclone.dd partclone.ext4 partclone.xfs", "-o -O --output"),
        ("yq jq sponge flashcp", "-o"),
        ("patch", "-o --output -d --directory"),
        ("unzip unrar unsquashfs", "-d -dest"),
        ("7z 7za 7zr", "-o"),
        ("cpio pax", "-D --directory -O -f"),
        ("bsdtar", "-f -C"),
        ("useradd", "-D"),
        ("logrotate", "-s --state"),
        ("screen", "-Logfile"),
    )
    for program in programs.split()
}
_VALUED = {
    "rsync": names(
        """
    --exclude --include --filter -f --exclude-from --include-from --files-from -e --rsh --chmod
    --chown --bwlimit --log-file --backup-dir --suffix --link-dest --compare-dest --copy-dest
    --max-size --min-size --timeout --port --out-format --info --password-file -M -B -T --temp-dir
    """
    ),
    "scp": names("-P -i -o -l -F -c -S -J -D -X"),
    "install": names("-m --mode -o --owner -g --group -t --target-directory -S --suffix"),
    "cp": names("-t --target-directory -S --suffix"),
    "split": names("-b -l -n -C -a -t --bytes --lines --number --suffix-length --filter"),
    "qemu-img": names("-f -O -o -t -T -S"),
}
_ALL = frozenset(
    names(
        """
    > tee truncate sponge ed ex vi vim nvim view rvim nano pico emacs micro joe mcedit ne
    fallocate touch mknod shred wipe srm scrub nwipe setfattr crudini gzip bzip2 xz zstd lz4 pigz
    pbzip2 lzma lzop gunzip bunzip2 unxz unlzma uncompress compress dos2unix unix2dos script
    rename prename rename.ul mmv strip chattr dpkg-divert
    """
    )
)
_LAST = frozenset(
    names(
        """
    cp mv ln install rsync scp gcp gmv ginstall gln qemu-img objcopy split csplit ddrescue
    dd_rescue sftp rcp cpdup uniq
    """
    )
)
_EDITS = frozenset(names("sed gsed perl ruby yq"))
_KEEPS = ("-c", "-l", "-t", "-k", "--stdout", "--to-stdout", "--list", "--test", "--keep")
_SED_WRITES = re.compile(r"(?:^|[;\n{}/gpI\d])\s*w\s+(/\S+)")
_PACKS = frozenset(
    names("gzip bzip2 xz zstd lz4 pigz pbzip2 lzma lzop gunzip bunzip2 unxz unlzma compress")
)
PROGRAMS = " ".join(
    sorted(
        {
            *_BY_OPTION,
            *_ALL,
            *_LAST,
            *_EDITS,
            "awk",
            "gawk",
            "dd",
            "dcfldd",
            "dc3dd",
            "tar",
            "gtar",
            "zip",
        }
    )
)
"""The programs that this module knows, separated by spaces."""


def written(call: Call) -> tuple[str, ...]:  # noqa: C901 - one case a kind of program
    """Return the paths that a program writes to."""
    name, paths = call.name, call.paths
    named = tuple(map(call.path, call.values(*_BY_OPTION.get(name, ()))))
    if name in ("dd", "dcfldd", "dc3dd", "sg_dd"):
        return tuple(map(call.path, call.settings("of")))
    if name in ("tar", "gtar"):
        done = archiving(call)
        return tuple(done.archives) if done.writes else ()
    if name in ("zip", "7z", "7za", "7zr"):
        return (*named, *paths[(name != "zip") :][:1])
    if name in _PACKS and any(one in _KEEPS or _joins(one, "cltk") for one in call.options):
        return ()
    if name == "chattr":
        return paths if any("i" in one or "a" in one for one in call.args[:2]) else ()
    if name == "patch":
        return (*named, *paths[:1])
    if name == "wget":
        folders = call.values("-P", "--directory-prefix") or ((".",) if not named else ())
        return (*named, *_inside(call, folders, call.operands))
    if name == "curl":
        folders = (*call.values("--output-dir"), ".")[:1] if call.has("O", "remote-name") else ()
        return (*named, *_inside(call, folders, call.operands))
    if name in ("sed", "gsed"):
        codes = (*call.operands[:1], *call.values("-e", "--expression"))
        named = tuple(call.path(one) for code in codes for one in _SED_WRITES.findall(code))
    if name in ("awk", "gawk"):
        return paths[1:] if "inplace" in call.values("-i", "--include") else ()
    if name in _EDITS:
        return (*named, *paths) if any(_edits(one) for one in call.options) else named
    if name == "ssh-keygen" and call.has("lyFBLQeip"):
        return ()
    if name in _LAST:
        return (*named, *_placed(call))
    return (*named, *(paths if name in _ALL else ()))


def _edits(option: str) -> bool:
    """Whether an option has a file changed in its place: ``-i``, ``-pi``, ``-i.bak``."""
    if option.startswith("--"):
        return option.startswith("--in-p")
    letters = option[1:].partition(".")[0]
    return letters.startswith("i") or (letters.isalnum() and len(letters) < 5 and "i" in letters)


def _joins(option: str, letters: str) -> bool:
    return not option.startswith("--") and any(one in letters for one in option[1:])


def operands_of(call: Call) -> tuple[str, ...]:
    """Return the sources and the target of what copies, without the values of options."""
    return call.without(*_VALUED.get(call.name, ("-t", "--target-directory")))


def _placed(call: Call) -> tuple[str, ...]:
    """Return where copies go: the target, and each source's name inside of it."""
    given = operands_of(call)
    into = call.values(*_INTO) if call.name not in ("rsync", "scp") else ()
    if into:
        targets, sources = into, given
    else:
        targets, sources = given[-1:], given[:-1]
    return (*map(call.path, targets), *_inside(call, targets, sources))


def _inside(call: Call, folders: tuple[str, ...], sources: tuple[str, ...]) -> tuple[str, ...]:
    names_ = {one.partition("?")[0].rstrip("/").rpartition("/")[2] for one in sources}
    return tuple(
        call.path(f"{folder}/{one}")
        for folder in folders
        for one in names_
        if one not in ("", ".", "..", "*")
    )


def removed(call: Call) -> tuple[str, ...]:
    """Return the paths that a program takes away once it has packed or moved them."""
    name, paths = call.name, call.paths
    if name in ("tar", "gtar"):
        done = archiving(call)
        return tuple(done.members) if done.removes else ()
    if name in ("mv", "gmv"):
        paths = tuple(map(call.path, operands_of(call)))
        return paths if call.values(*_INTO) else paths[:-1]
    if name == "rsync" and any(one.startswith("--remove-s") for one in call.args):
        return tuple(map(call.path, operands_of(call)))[:-1]
    if name == "zip" and call.has("m", "move"):
        return paths[1:]
    if name in ("7z", "7za", "7zr") and call.flag("-sdel"):
        return paths[2:]
    if name in ("rename", "prename", "rename.ul", "mmv"):
        return paths[1:]
    return ()
