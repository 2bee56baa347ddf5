"""Writing over disks, partitions, volumes and memory."""

from automation.engine.guard.call import Call
from automation.engine.guard.inner import SHELLS
from automation.engine.guard.names import names
from automation.engine.guard.paths import is_block, is_device
from automation.engine.guard.rule import rule
from automation.engine.guard.wrappers import WRAPPERS
from automation.engine.guard.written import PROGRAMS, written

_ASKS = ("-V", "--version", "--help", "-h")
# What may be given a disk: it reads it, mounts it, or has rules of its own.
_READERS = (
    frozenset(
        names(
            """
    > = test [ [[ echo printf ls stat file readlink realpath basename dirname cat head tail xxd od
    hexdump strings md5sum sha1sum sha256sum sha512sum cmp dd dcfldd dc3dd lsblk blkid findmnt df
    du mount umount swapon swapoff blockdev smartctl hdparm nvme sdparm udevadm lsof fuser fdisk
    sfdisk sgdisk gdisk cfdisk cgdisk parted partprobe partx kpartx delpart wipefs cryptsetup
    dumpe2fs tune2fs e2fsck fsck fsck.* xfs_repair xfs_info xfs_db xfs_admin xfs_growfs e2label
    resize2fs badblocks debugfs btrfs zpool zfs mdadm losetup dmsetup multipath pvs vgs lvs
    pvdisplay vgdisplay lvdisplay pvscan vgscan lvscan pvcreate vgcreate vgextend lvcreate lvextend
    lvresize lvreduce lvremove vgremove pvremove vgreduce vgchange lvchange lvrename pvresize
    pvmove pvchange lvconvert growpart mkfs mkfs.* mke2fs mkswap blktrace iostat fio ioping
    grub-probe grub-install grub-bios-setup sg_inq sg_readcap sginfo lsscsi mt eject logger grep
    egrep fgrep rg awk sed cut tr sort wc tee cp mv install ln rsync tar gzip zcat pv for read
    export local declare basename true false : tput xargs partclone.info ntfsinfo fatlabel blkzone
    nbd-client qemu-nbd qemu-img systemd-escape kill pgrep pkill ps man which whatis apropos git
    docker podman kubectl find chown chmod chgrp getfacl lsattr zerofree drbdadm fsfreeze fstrim
    """
        )
    )
    | frozenset(WRAPPERS)
    | SHELLS
)
_SHOWS = frozenset(
    names(
        """
    -l -p -d -J -V -i -v -x --list --print --dump --json --info --verify --help --version
    --backup -b -O -F -E -T -s -g -q --list-free --show-size --first-aligned-in-largest
    """
    )
)


def _shows_partitions(call: Call) -> bool:
    """Whether a partitioning program only shows, or saves, how a disk is divided."""
    if call.name == "parted":
        words = [one for one in call.operands if not one.startswith("/dev/")]
        return bool(words) and words[0] in ("print", "unit", "p", "align-check", "help", "select")
    if call.name == "partprobe":
        return True
    if call.name == "sgdisk":
        told = {
            one.partition("=")[0][: None if one.startswith("--") else 2] for one in call.options
        }
        return bool(told) and told <= {*_SHOWS, "-D", "-f", "-A", "--attributes"} - {
            "-d",
            "-x",
            "-g",
            "-l",
        }
    shows = {one.partition("=")[0] for one in call.options} & _SHOWS
    return bool(shows) and not ({"--delete", "--wipe", "-w"} & set(call.args))


def _removes_volume(call: Call) -> bool:
    """Whether LVM takes a volume, or a part of one, away or offline."""
    verb = call.operands[0] if call.name == "lvm" and call.operands else call.name
    match verb:
        case "vgchange" | "lvchange":
            return any(one.startswith("n") for one in call.values("-a", "--activate"))
        case "lvresize":
            return any(one.startswith("-") for one in call.values("-L", "-l", "--size")) or (
                call.has("f", "force")
            )
        case "lvm":
            return call.stdin is not None
        case _:
            return bool(call.operands) and verb.endswith(("remove", "reduce", "export", "restore"))


def _arguments(call: Call) -> tuple[str, ...]:
    """Return the words that may name a device, also after an option's equals sign."""
    return tuple(
        call.path(part)
        for one in call.args
        for part in (one, one.partition("=")[2], one[2:] if one.startswith("-") else "")
        if part.startswith("/")
    )


def _unknown(path: str) -> bool:
    """Whether nobody can tell which device or file this is."""
    return path.startswith("\0") or path == ""


RULES = (
    rule(
        "WRITE_DEVICE",
        PROGRAMS,
        lambda call: any(map(is_device, written(call))),
        "It writes over a device that holds data.",
    ),
    rule(
        "MAKE_FILE_SYSTEM",
        "mkfs mkfs.* mke2fs mkswap mkdosfs mkntfs newfs",
        lambda call: (
            not call.flag(*_ASKS[2:])
            and (
                not call.operands
                or any(is_device(one) or _unknown(one) for one in (*call.paths, *call.operands))
            )
            and call.args != ("-V",)
        ),
        "It makes a file system where data may be.",
    ),
    rule(
        "WIPE_DEVICE",
        "wipefs blkdiscard nwipe scrub dban flash_erase flash_eraseall ubiformat nandwrite flashcp",
        lambda call: (
            not call.flag(*_ASKS)
            and (call.name != "wipefs" or call.has("ao", "all", "offset"))
            and (call.name != "scrub" or any(map(is_device, call.paths)))
        ),
        "It wipes a device.",
    ),
    rule(
        "PARTITION",
        "fdisk gdisk sgdisk sfdisk cfdisk cgdisk parted partprobe partx kpartx delpart",
        lambda call: (
            (any(map(is_device, call.paths)) or any(map(_unknown, call.operands[:1])))
            and not _shows_partitions(call)
        ),
        "It changes how a disk is divided.",
    ),
    rule(
        "PARTITION_SCRIPT",
        "parted sfdisk sgdisk",
        lambda call: (
            call.flag(
                *names(
                    """
                    mklabel mktable rm mkpart resizepart mkpartfs set disk_set name rescue toggle
                    --delete --wipe -Z -o -z --zap --zap-all --clear --load-backup
                    """
                )
            )
            and any(one.startswith("/dev/") or _unknown(one) for one in call.operands)
        ),
        "It changes how a disk is divided.",
    ),
    rule(
        "ENCRYPT",
        "cryptsetup",
        lambda call: call.verb(
            "luksFormat",
            "luksErase",
            "erase",
            "reencrypt",
            "luksKillSlot",
            "luksRemoveKey",
            "luksHeaderRestore",
            "luksSuspend",
            "token",
            "convert",
        ),
        "It makes the data of an encrypted disk unreadable.",
    ),
    rule(
        "REMOVE_VOLUME",
        "vgremove lvremove pvremove vgreduce lvreduce vgexport vgcfgrestore lvresize vgchange "
        "lvchange lvm",
        _removes_volume,
        "It removes a volume with its data.",
    ),
    rule(
        "STOP_RAID",
        "mdadm",
        lambda call: call.flag(
            "--stop",
            "-S",
            "--zero-superblock",
            "--fail",
            "--set-faulty",
            "-f",
            "--remove",
            "-r",
            "--create",
            "-C",
            "--build",
            "--grow",
        ),
        "It takes a disk array apart.",
    ),
    rule(
        "DESTROY_POOL",
        "zfs zpool btrfs",
        lambda call: (
            (
                call.verb(
                    "destroy",
                    "rollback",
                    "labelclear",
                    "create",
                    "export",
                    "offline",
                    "detach",
                    "remove",
                )
                and not (call.name == "zfs" and call.verb("create"))
            )
            or "".join(one[:3] for one in call.operands[:2])
            in ("subdel", "devrem", "devdel", "resgiv")
        ),
        "It destroys a pool, a data set or a snapshot.",
    ),
    rule(
        "FORMAT_DRIVE",
        "nvme hdparm sg_format sg_sanitize sg_unmap sg_write_same sg_dd sdparm",
        lambda call: (
            call.verb(
                *names(
                    """
                    format sanitize write-zeroes delete-ns write write-uncor dsm detach-ns reset
                    subsystem-reset fw-download fw-commit security-send
                    """
                )
            )
            or any(
                one.startswith(
                    (
                        "--security-",
                        "--trim",
                        "--make-bad",
                        "--repair-sector",
                        "--write-sector",
                        "--dco-r",
                        "--fwdownload",
                        "--sanitize",
                        "--drq-hsm",
                        "--please-destroy",
                        "--command=stop",
                    )
                )
                for one in call.args
            )
            or call.name.startswith("sg_")
        ),
        "It makes a drive erase itself.",
    ),
    rule(
        "CHANGE_FILE_SYSTEM",
        "tune2fs xfs_repair e2fsck fsck fsck.* resize2fs debugfs xfs_admin badblocks reiserfstune "
        "ntfsresize xfs_db btrfstune zerofree e2image",
        lambda call: (
            any(map(is_device, call.paths))
            and (
                (call.name in ("tune2fs", "e2label", "ntfsresize") and not call.has("l"))
                or (call.name == "badblocks" and call.has("wn"))
                or (call.name == "debugfs" and call.has("w"))
                or (call.name == "xfs_repair" and not call.has("n"))
                or (call.name == "xfs_admin" and not call.has("lu"))
                or (call.name == "resize2fs" and (len(call.operands) > 1 or call.has("M")))
                or (call.name == "xfs_db" and call.has("x"))
                or call.name in ("reiserfstune", "btrfstune", "zerofree")
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
    rule(
        "REMOVE_MAPPING",
        "dmsetup losetup multipath iscsiadm drbdadm kpartx partx delpart blockdev swapoff bcache",
        lambda call: (
            (
                call.verb(
                    *names(
                        "remove remove_all wipe_table suspend clear wipe-md create-md down detach"
                    )
                )
                or (call.name in ("losetup", "multipath", "kpartx", "partx") and call.has("DFd"))
                or call.name == "delpart"
                or call.flag("--logout", "-u", "--setro", "--delete")
            )
            and not (call.name == "losetup" and not call.has("D"))
        ),
        "It takes a device away from what uses it.",
    ),
    rule(
        "RAID_CONTROLLER",
        "megacli MegaCli MegaCli64 storcli storcli64 perccli hpssacli ssacli hpacucli arcconf",
        lambda call: bool(
            {one.lower().lstrip("-") for one in call.args}
            & set(
                names(
                    """
                    delete del cfgclr cfglddel cfgforeign clear erase pdoffline init start
                    modify remove force
                    """
                )
            )
        ),
        "It takes a disk array apart.",
    ),
    rule(
        "DEVICE_ARGUMENT",
        "*",
        lambda call: call.name not in _READERS and any(map(is_block, _arguments(call))),
        "It is given a device, and nobody can tell that it only reads it.",
    ),
)
