"""Programs that start no other one by their words, and those that an unknown one may start."""

from automation.engine.guard.names import names

KNOWN = frozenset(
    names(
        """
    echo printf grep egrep fgrep rg ag ack cat less more zless zgrep zegrep bzgrep
    xzgrep zcat head tail tac nl wc sort uniq cut tr paste
    join comm diff cmp file stat ls dir vdir tree du df lsblk blkid findmnt mount umount which
    whereis type hash command help man info apropos whatis dpkg dpkg-query apt apt-get apt-cache
    apt-mark aptitude yum dnf microdnf rpm zypper pacman apk snap flatpak pip pip3 npm yarn gem
    cargo go brew systemctl journalctl service loginctl hostnamectl timedatectl localectl
    git svn hg docker podman nerdctl kubectl oc helm terraform tofu logger wall write mail mailx
    sendmail test [ [[ true false : cd pwd pushd popd export unset set shift read mapfile
    readarray declare local typeset readonly let return exit break continue jobs fg bg wait
    disown umask ulimit getopts times alias unalias complete date cal uptime who w last lastb
    lastlog id groups users getent passwd chage useradd userdel usermod groupadd groupdel gpasswd
    ps pgrep pidof pkill killall kill top htop free vmstat iostat sar lsof fuser ss netstat ip
    ifconfig route arp ping traceroute dig host nslookup nc ncat curl wget scp sftp rsync ftp
    tar gtar zip unzip gzip bzip2 xz zstd cpio md5sum sha1sum sha256sum sha512sum cksum sum b2sum
    base64 xxd od hexdump strings rev fold fmt column expand jq yq xmllint sed gsed awk gawk mawk
    tee sponge touch mkdir rmdir mktemp readlink realpath basename dirname seq expr bc factor
    getfacl lsattr getcap ldd nm objdump readelf size make cmake gcc cc tail sleep yes tput clear
    stty locate updatedb crontab atq atrm ufw iptables ip6tables nft firewall-cmd sysctl
    lsmod modinfo modprobe dmesg psql mysql mariadb sqlite3 mongosh mongo redis-cli aws gcloud az
    openssl gpg ssh-keygen ssh-add ssh-copy-id ssh-keyscan vi vim nano emacs code history fc
    virsh vagrant ansible ansible-playbook ansible-doc salt puppet chef-client adduser deluser
    chsh chfn newgrp screen tmux lvs vgs pvs lvdisplay vgdisplay pvdisplay mdadm zfs zpool btrfs
    smartctl hdparm nvme parted fdisk sfdisk sgdisk gdisk restorecon semanage getenforce
    rabbitmqctl supervisorctl nginx apachectl apache2ctl httpd pm2 caddy haproxy certbot
    update-alternatives update-rc.d chkconfig ldconfig depmod pg_dump pg_restore mysqldump
    = >
    """
    )
)
# Programs that, with an argument after them, show that an unknown program is a wrapper.
LAUNCHED = frozenset(
    names(
        """
    rm dd mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mke2fs mkswap wipefs
    blkdiscard shred unlink chmod chown chgrp chattr setfacl mv find sh bash dash ksh zsh sgdisk
    iptables nft lvremove vgremove userdel systemctl shutdown kill pkill killall truncate
    sudo env nohup timeout xargs python python3 perl ruby
    """
    )
)
