#!/bin/bash
# Boots one machine: an overlay of its own on the shared root file system, the files that make it
# this machine, then systemd. Every mount belongs to the namespace this runs in and ends with it.
# usage: machine.sh NAME ROOTFS SCRATCH CGROUP... <TAR
set -euo pipefail
name=$1 rootfs=$2 scratch=$3
shift 3

mount -t tmpfs -o mode=0755,size=1g tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay \
    -o "lowerdir=$rootfs,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/root"
chroot "$scratch/root" tar --extract

# What systemd-nspawn notes about its machines is kept from the host's /run.
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd

# Without groups of their own, all machines would share one, and `systemctl stop` in the first
# would kill the processes of the second.
enter_groups() {
    for group in "$@"; do
        # What an earlier boot left there: a group with controllers for its children takes nobody.
        find "$group" -mindepth 1 -depth -type d -exec rmdir {} +
        for controller in $(cat "$group/cgroup.subtree_control" 2>/dev/null); do
            echo "-$controller" >"$group/cgroup.subtree_control"
        done
        echo 0 >"$group/cgroup.procs" || return 1
    done
}

# A machine that reboots ends with 133: whoever started it is to start it again.
code=133
while [ "$code" = 133 ]; do
    code=0
    (
        enter_groups "$@" &&
            exec systemd-nspawn --quiet --directory="$scratch/root" --boot --machine="$name" \
            --register=no --keep-unit --resolv-conf=off --timezone=off --console=read-only
    ) || code=$?
done
exit "$code"
