# Runs one command on the server and keeps what OpsManager promises about it.
#
# It reaches /bin/sh on standard input, as one group in braces: a script cut short by a broken
# connection is a syntax error and starts nothing. Assignments stand in front of it:
#   opsm_id          UUID of the action, also the mark by which its processes are found
#   opsm_text        the command, shell text
#   opsm_input       the command's standard input; empty for none
#   opsm_recorded    1: keep a record in ~/.opsm/<id> and refuse a second start
#   opsm_limit       seconds after which the server itself ends it; empty for never
#   opsm_kill_after  seconds from TERM to KILL when it does

export LC_ALL=C OPSM_STEP="$opsm_id"
# sudo drops the mark; what looks like a locale it lets through. A daemon started under sudo is
# found by nothing else: it has left the session and its parents.
export LC_OPSM_STEP="$opsm_id"
# A login without a profile lacks the administrator's programs, such as ss and logrotate.
export PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"

# The first line on both streams: whatever a login printed before it is dropped.
opsm_announce() {
    printf 'opsm:%s:%s\n' "$opsm_id" "$1"
    printf 'opsm:%s:%s\n' "$opsm_id" "$1" >&2
}

# The session is what gets killed on a cancel, so it is named only when this shell leads it.
opsm_session=0
opsm_start=0
if { read -r opsm_stat <"/proc/$$/stat"; } 2>/dev/null; then
    set -- ${opsm_stat##*) }
    if [ "$4" = "$$" ]; then
        opsm_session=$$
        shift 19
        opsm_start=$1
    fi
fi

if [ -n "$opsm_recorded" ]; then
    # Once there is a record it comes to an end: also where the connection breaks before the first
    # line is out. The command itself is not spared.
    trap : PIPE
    opsm_dir=$HOME/.opsm/$opsm_id
    [ -d "$HOME/.opsm" ] || mkdir -p -m 700 "$HOME/.opsm" 2>/dev/null
    # mkdir is the lock: of two starts of one action, whoever sends them, one succeeds.
    if ! opsm_why=$(mkdir "$opsm_dir" 2>&1); then
        if [ -d "$opsm_dir" ]; then
            opsm_announce started-before
            exit 213
        fi
        opsm_announce "no-record $opsm_why"
        exit 214
    fi
    opsm_boot=unknown
    { read -r opsm_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
    opsm_who="$opsm_session $opsm_start $opsm_boot"
    if ! { printf '%s\n' "$opsm_who" >"$opsm_dir/sid"; } 2>/dev/null; then
        # Only cat says why, where a disk is full.
        opsm_why=$({ printf '%s\n' "$opsm_who" | cat >"$opsm_dir/sid"; } 2>&1)
        # Nothing runs, so nobody is to find that something did.
        rm -rf "$opsm_dir"
        opsm_announce "no-record $opsm_dir/sid cannot be written: $opsm_why"
        exit 214
    fi
fi

# TERM is for the command; this shell lives on to report how it ended.
trap : TERM HUP
opsm_announce "$opsm_session"

opsm_run() {
    if [ -n "$opsm_limit" ]; then
        timeout -k "$opsm_kill_after" "$opsm_limit" /bin/sh -c "$opsm_text"
    else
        /bin/sh -c "$opsm_text"
    fi
}

# printf is part of the shell, so that the input, which may be a secret, is in no argument list.
opsm_feed_and_run() {
    if [ -n "$opsm_input" ]; then
        printf '%s' "$opsm_input" | opsm_run
    else
        opsm_run </dev/null
    fi
}

# Hands on a pipe's output while somebody listens, and keeps its first MiB in the record for whoever
# asks later. It is not for TERM to end it: a command's last words are to be heard. Neither a broken
# connection nor a full record ends it: then it goes on with what is left of its two listeners, and
# at last reads for nobody.
opsm_relay() {
    trap '' TERM HUP PIPE XFSZ
    ulimit -f 2048 2>/dev/null || :
    tee "$1" 2>/dev/null || cat 2>/dev/null || cat >/dev/null
}

# A command that writes to a broken connection dies of SIGPIPE in the middle of its work. One that
# is recorded must come to its true end, so its pipes have readers that outlive the connection.
# This shell does not wait for them: a daemon left behind may hold the pipes for years.
if [ -n "$opsm_recorded" ] && mkfifo "$opsm_dir/stdout" "$opsm_dir/stderr" 2>/dev/null; then
    opsm_relay "$opsm_dir/stdout.log" <"$opsm_dir/stdout" 2>/dev/null &
    opsm_relay "$opsm_dir/stderr.log" <"$opsm_dir/stderr" >&2 2>/dev/null &
    opsm_feed_and_run >"$opsm_dir/stdout" 2>"$opsm_dir/stderr"
else
    opsm_feed_and_run
fi
opsm_rc=$?

# One write of a whole line: a reader without the newline takes it for not yet written.
if [ -n "$opsm_recorded" ]; then
    printf '%s\n' "$opsm_rc" >"$opsm_dir/rc"
fi
exit "$opsm_rc"
