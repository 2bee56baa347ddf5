# Ends all processes of one command: TERM, a wait, KILL, and a look at what is left.
#
#   $1  session of the command; 0 when it has none of its own
#   $2  its mark: the value of OPSM_STEP or LC_OPSM_STEP in its processes' environment
#   $3  seconds from TERM to KILL
#
# Prints "ended", or "left" and the pids that survived. Needs no more than a shell, grep and
# /proc: no ps, no pkill.

opsm_session=$1 opsm_mark=$2 opsm_grace=$3
# The kernel's own threads are session 0.
[ "$opsm_session" != 0 ] || opsm_session=none

# An environment is parted by zero bytes. BusyBox' grep stops at the first one unless told so; a
# grep that does not know -z is one that looks at the whole file.
opsm_parted=
printf x | grep -qzF x 2>/dev/null && opsm_parted=z

# Sets $opsm_found to the pids of the command: members of its session, carriers of its mark
# (they left the session, as daemons do), and all descendants of these (sudo may drop the mark).
# Dead ones that nobody has waited for do not count.
opsm_look() {
    opsm_found= opsm_table=
    for opsm_file in /proc/[0-9]*/stat; do
        # A process may have any name, also one with newlines: the fields follow its last ") ".
        opsm_line=
        { while read -r opsm_more; do opsm_line="$opsm_line $opsm_more"; done <"$opsm_file"; } 2>/dev/null
        set -- ${opsm_line##*) }
        case ${1:-gone} in gone | Z | X) continue ;; esac
        opsm_pid=${opsm_file#/proc/}
        opsm_pid=${opsm_pid%/stat}
        opsm_table="$opsm_table $opsm_pid:$2"
        if [ "$4" = "$opsm_session" ]; then
            opsm_found="$opsm_found $opsm_pid"
        fi
    done
    for opsm_file in $(grep "-lsF$opsm_parted" "OPSM_STEP=$opsm_mark" /proc/[0-9]*/environ); do
        opsm_pid=${opsm_file#/proc/}
        opsm_pid=${opsm_pid%/environ}
        case "$opsm_found " in *" $opsm_pid "*) continue ;; esac
        # Only the living are in the table.
        case "$opsm_table " in *" $opsm_pid:"*) opsm_found="$opsm_found $opsm_pid" ;; esac
    done
    opsm_before=none
    while [ "$opsm_found" != "$opsm_before" ]; do
        opsm_before=$opsm_found
        for opsm_row in $opsm_table; do
            case "$opsm_found " in *" ${opsm_row%:*} "*) continue ;; esac
            case "$opsm_found " in
            *" ${opsm_row#*:} "*) opsm_found="$opsm_found ${opsm_row%:*}" ;;
            esac
        done
    done
}

opsm_report() {
    if [ -z "$opsm_found" ]; then
        echo ended
    else
        echo "left$opsm_found"
    fi
    exit 0
}

# Each round is a tenth of a second at first, then half a second.
opsm_pause() {
    if [ "$opsm_round" -le 10 ]; then
        sleep 0.1 2>/dev/null || sleep 1
    else
        sleep 0.5 2>/dev/null || sleep 1
    fi
}

opsm_told= opsm_round=0 opsm_last=$((10 + (opsm_grace - 1) * 2))
while :; do
    opsm_look
    [ -n "$opsm_found" ] || opsm_report
    [ "$opsm_round" -lt "$opsm_last" ] || break
    for opsm_pid in $opsm_found; do
        # Once each: a second TERM makes some programs give up their orderly end.
        case "$opsm_told " in *" $opsm_pid "*) continue ;; esac
        opsm_told="$opsm_told $opsm_pid"
        kill -s TERM "$opsm_pid" 2>/dev/null
    done
    opsm_round=$((opsm_round + 1))
    opsm_pause
done

# The session's leader is the shell that records the exit code: it gets a second to do so.
opsm_round=0
while [ -n "$opsm_found" ] && [ "$opsm_round" -lt 30 ]; do
    for opsm_pid in $opsm_found; do
        if [ "$opsm_pid" != "$opsm_session" ] || [ "$opsm_round" -ge 10 ]; then
            kill -s KILL "$opsm_pid" 2>/dev/null
        fi
    done
    opsm_round=$((opsm_round + 1))
    sleep 0.1 2>/dev/null || sleep 1
    opsm_look
done
opsm_report
