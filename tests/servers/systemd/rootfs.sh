#!/bin/bash
# The recipe of the root file system that every machine starts from: a small Debian server with
# nginx and the four accounts that tests log in as.
# usage: rootfs.sh TARGET SUITE MIRROR COMPONENTS
set -euo pipefail
target=$1 suite=$2 mirror=$3 components=$4

packages=systemd,systemd-sysv,libpam-systemd,dbus,openssh-server,sudo,procps,iproute2
packages+=,nginx-light,rsyslog,logrotate,cron

debootstrap --variant=minbase --components="$components" --include="$packages" \
    "$suite" "$target" "$mirror"

in_target() { chroot "$target" "$@"; }

# Whatever tells one server from another comes with the machine.
rm -f "$target"/etc/ssh/ssh_host_* "$target/etc/machine-id" "$target/etc/nginx/sites-enabled/default"
in_target apt-get clean

# ops: sudo without a password. nosudo: none at all. pwsudo: sudo that asks for a password.
for account in ops nosudo pwsudo; do
    in_target useradd --create-home --shell /bin/bash "$account"
done
echo 'pwsudo:asked-by-sudo-only' | in_target chpasswd
echo 'ops ALL=(ALL:ALL) NOPASSWD: ALL' >"$target/etc/sudoers.d/ops"
echo 'pwsudo ALL=(ALL:ALL) ALL' >"$target/etc/sudoers.d/pwsudo"
chmod 0440 "$target"/etc/sudoers.d/*

# A machine has neither a console to log in at nor clocks and devices of its own, and does nothing by
# itself: tests look at what has changed on it.
in_target systemctl mask --quiet console-getty.service systemd-timesyncd.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    logrotate.timer systemd-tmpfiles-clean.timer
: >"$target/etc/crontab"
