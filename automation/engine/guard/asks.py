"""Calls that only ask, or only rehearse: they change nothing, whatever else their words say."""

from automation.engine.guard.call import Call
from automation.engine.guard.names import names

_DRY = {
    program: frozenset(options.split())
    for programs, options in (
        ("modprobe", "-n --dry-run --show --show-depends -D"),
        ("rsync", "-n --dry-run"),
        ("apt apt-get aptitude", "-s --simulate --dry-run --just-print --no-act --recon"),
        ("yum dnf microdnf", "--assumeno"),
        ("zypper", "--dry-run -D"),
        ("rpm", "--test"),
        ("dpkg", "--dry-run --no-act --simulate"),
        ("pacman", "-p --print"),
        ("git", "-n --dry-run"),
        ("kubectl oc", "--dry-run=client --dry-run=server --dry-run"),
        ("helm", "--dry-run"),
        ("systemctl", "--dry-run"),
        ("shutdown", "-k -c --show"),
        ("reboot halt poweroff", "-w --wtmp-only"),
        ("wipefs", "-n --no-act"),
        ("sfdisk", "-n --no-act"),
        ("mke2fs mkfs.ext2 mkfs.ext3 mkfs.ext4", "-n"),
        ("mkfs.xfs", "-N"),
        (
            "lvremove lvreduce lvresize lvconvert lvchange vgremove vgreduce vgchange pvremove",
            "-t --test",
        ),
        ("iptables-restore ip6tables-restore", "-t --test"),
        ("nft", "-c --check"),
        ("terraform tofu", "-detailed-exitcode"),
        ("ansible ansible-playbook", "-C --check --list-hosts"),
        ("aws", "--dry-run --dryrun --generate-cli-skeleton"),
        ("logrotate", "-d --debug"),
        ("rtcwake", "-n --dry-run"),
        ("zfs zpool", "-n"),
        ("stow", "-n"),
        ("kexec", "-p"),
    )
    for program in programs.split()
}
# These only tell what a word means, or show their version: where the option is the program's own.
_HELPS = frozenset(names("--help --version -help"))


def only_asks(call: Call) -> bool:
    """Whether a call does nothing but tell: help asked for first, or a dry run."""
    before = next((n for n, one in enumerate(call.args) if _is_target(one)), len(call.args))
    if _HELPS & set(call.args[:before]) and call.name not in _READS_ON:
        return True
    dry = _DRY.get(call.name, frozenset())
    return any(one in dry or _joins(one, dry) for one in call.options)


# What follows may be run all the same.
_READS_ON = frozenset(names("> = eval alias trap su env"))


def _joins(word: str, options: frozenset[str]) -> bool:
    """Whether several letters after one dash hold one of these options."""
    letters = word[1:]
    return letters.isalpha() and any(f"-{one}" in options for one in letters)


def _is_target(word: str) -> bool:
    """Whether a word names a thing to work on: after one, help may be a name as well."""
    return not word.startswith("-") and ("/" in word or "~" in word or "\0" in word)
