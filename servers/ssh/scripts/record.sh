# Reads the record of one action: "not-started", "running SID", "ended RC" or "lost".
#
#   $1  UUID of the action

opsm_dir=$HOME/.opsm/$1

opsm_ended() {
    # Without its newline the code was not written to the end.
    if { read -r opsm_rc <"$opsm_dir/rc"; } 2>/dev/null; then
        echo "ended $opsm_rc"
        exit 0
    fi
}

# A pid says nothing after a reboot or once another process has it: so the boot and the start
# time are compared, too.
opsm_alive() {
    { read -r opsm_session opsm_start opsm_boot <"$opsm_dir/sid"; } 2>/dev/null || return 1
    opsm_now=unknown
    { read -r opsm_now </proc/sys/kernel/random/boot_id; } 2>/dev/null
    [ "$opsm_boot" = "$opsm_now" ] || return 1
    { read -r opsm_stat <"/proc/$opsm_session/stat"; } 2>/dev/null || return 1
    set -- ${opsm_stat##*) }
    [ "$1" != Z ] || return 1
    shift 19
    [ "$1" = "$opsm_start" ]
}

if [ ! -d "$opsm_dir" ]; then
    echo not-started
    exit 0
fi
opsm_ended
if opsm_alive; then
    echo "running $opsm_session"
    exit 0
fi
# It may have ended between the two looks.
opsm_ended
echo lost
