# Begins a shell that runs one command after the other, each in a session of its own.
#
# It reaches /bin/sh on standard input, which goes on reading there: what follows are calls of
# opsm_one. It is for programs that only read and leave nothing behind.

export LC_ALL=C
export PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"

# While nothing runs in it, it holds no file system that somebody may want to unmount.
cd /

# Lines of our own stand on both streams, before and after what the command writes to them. The
# ones after it hold a word that the command is not told.
#
#   $1  UUID of the action, also the mark by which its processes are found
#   $2  the word
#   $3  the command, shell text of one program and its arguments
opsm_one() {
    OPSM_STEP=$1 LC_OPSM_STEP=$1 setsid /bin/sh -c 'cd 2>/dev/null
printf "opsm:%s:%s\n" "$OPSM_STEP" "$$"
printf "opsm:%s:%s\n" "$OPSM_STEP" "$$" >&2
eval "exec $1"' sh "$3" </dev/null
    opsm_rc=$?
    printf 'opsm-end:%s:%s\n' "$2" "$opsm_rc"
    printf 'opsm-end:%s:%s\n' "$2" "$opsm_rc" >&2
}
