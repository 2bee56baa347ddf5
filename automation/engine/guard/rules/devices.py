"""Writing over disks, partitions, volumes and memory."""

from automation.engine.guard.call import Call
from automation.engine.guard.paths import is_device
from automation.engine.guard.rule import rule

_ASKS = ("-V", "--version", "--help", "-h")


def _is_written(call: Call) -> bool:
    """Whether the last word, or a target named by option, is a device."""
    last = call.paths[-1:] if call.name in ("cp", "mv", "install", "ln") else call.paths
    named = call.values("-t", "-o", "-O", "--output", "--target-directory")
    return any(map(is_device, (*last, *map(call.path, named))))


RULES = (
    rule(
        "WRITE_DEVICE",
        "> tee cp mv install ln truncate shred wipe curl wget sponge",
        _is_written,
        "It writes over a device that holds data.",
    ),
    rule(
        "DD_DEVICE",
        "dd dcfldd dc3dd",
        lambda call: any(is_device(call.path(one)) for one in call.settings("of")),
        "It writes over a device that holds data.",
    ),
    rule(
        "MAKE_FILE_SYSTEM",
        "mkfs mkfs.* mke2fs mkswap mkdosfs mkntfs",
        lambda call: (
            not call.flag(*_ASKS) and (any(map(is_device, call.paths)) or not call.operands)
        ),
        "It makes a file system where data may be.",
    ),
    rule(
        "WIPE_DEVICE",
        "wipefs blkdiscard",
        lambda call: (
            not call.flag(*_ASKS, "-n", "--no-act")
            and (call.name == "blkdiscard" or call.has("a", "all") or call.has("o", "offset"))
        ),
        "It wipes a device.",
    ),
    rule(
        "PARTITION",
        "fdisk gdisk sgdisk sfdisk cfdisk cgdisk parted partprobe partx kpartx delpart",
        lambda call: (
            any(map(is_device, call.paths))
            and not call.has("lp", "list", "print", "dump", "verify", "help", "version")
            and not call.flag(
                "print", "unit", "-d", "-J", "--json", "-s", "-V", "-i", "--info", "-v"
            )
        ),
        "It changes how a disk is divided.",
    ),
    rule(
        "PARTITION_SCRIPT",
        "parted sfdisk",
        lambda call: (
            call.flag("mklabel", "mktable", "rm", "mkpart", "resizepart", "--delete", "--wipe")
            and bool(call.operands)
        ),
        "It changes how a disk is divided.",
    ),
    rule(
        "ENCRYPT",
        "cryptsetup",
        lambda call: call.verb(
            "luksFormat", "luksErase", "erase", "reencrypt", "luksKillSlot", "luksRemoveKey"
        ),
        "It makes the data of an encrypted disk unreadable.",
    ),
    rule(
        "REMOVE_VOLUME",
        "vgremove lvremove pvremove vgreduce lvreduce",
        lambda call: bool(call.operands),
        "It removes a volume with its data.",
    ),
    rule(
        "STOP_RAID",
        "mdadm",
        lambda call: call.flag(
            "--stop", "-S", "--zero-superblock", "--fail", "-f", "--remove", "--create", "-C"
        ),
        "It takes a disk array apart.",
    ),
    rule(
        "DESTROY_POOL",
        "zfs zpool btrfs",
        lambda call: (
            call.verb("destroy", "rollback", "labelclear")
            or call.operands[:2] in (("subvolume", "delete"), ("device", "remove"))
        ),
        "It destroys a pool, a data set or a snapshot.",
    ),
    rule(
        "FORMAT_DRIVE",
        "nvme hdparm sg_format",
        lambda call: (
            call.verb("format", "sanitize", "write-zeroes", "delete-ns")
            or any(one.startswith(("--security-", "--trim", "--make-bad")) for one in call.args)
            or call.name == "sg_format"
        ),
        "It makes a drive erase itself.",
    ),
    rule(
        "CHANGE_FILE_SYSTEM",
        "tune2fs xfs_repair e2fsck fsck fsck.* resize2fs debugfs xfs_admin badblocks",
        lambda call: (
            any(map(is_device, call.paths))
            and (
                (call.name == "tune2fs" and not call.has("l"))
                or (call.name == "badblocks" and call.has("wn"))
                or (call.name == "debugfs" and call.has("w"))
                or (call.name == "xfs_repair" and not call.has("n"))
                or (call.name == "xfs_admin" and not call.has("lu"))
                or (call.name == "resize2fs" and not call.has("P"))
                or (call.name.startswith(("fsck", "e2fsck")) and not call.has("nNA"))
            )
        ),
        "It changes a file system below the server's feet.",
    ),
    rule(
        "BOOT_LOADER",
        "grub-install grub2-install lilo efibootmgr update-grub-legacy extlinux flashrom fwupdmgr",
        lambda call: (
            not call.flag(*_ASKS)
            and (
                call.name not in ("efibootmgr", "fwupdmgr")
                or call.has("BbDoO")
                or call.verb("update")
            )
        ),
        "It changes what the server starts from.",
    ),
)
