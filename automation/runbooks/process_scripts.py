"""The shell that reads processes from /proc and signals them, without ps or pkill.

A process is told by its pid and its start time (field 22 of /proc/<pid>/stat, see proc(5)), so
that a pid which was given away meanwhile is not taken for it.
"""

from automation.engine import Shell

_LOOK = """\
export LC_ALL=C
look() {
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  comm=${line#*\\(}
  comm=${comm%)*}
  set -- ${line##*) }
  state=$1 parent=$2 kernel=$(($7 & 2097152)) start=${20}
}
alive() {
  look "${1%:*}" && [ "$start" = "${1#*:}" ] && [ "$state" != Z ] && [ "$state" != X ]
}
ours=" $$ "
look $$ || exit 3
while [ "$parent" -gt 0 ] && ours="$ours$parent " && look "$parent"; do :; done
"""

FIND = Shell(
    _LOOK
    + """\
how=$1 wanted=$2 found=0
echo "$(sed -n 's/^btime //p' /proc/stat) $(getconf CLK_TCK 2>/dev/null || echo 100)"
show() {
  look "$1" && [ "$state" != Z ] && [ "$state" != X ] || return 0
  [ "$how" = pid ] || [ "$comm" = "$wanted" ] || return 0
  uid=
  { while read -r key _ value _; do
    if [ "$key" = Uid: ]; then uid=$value; break; fi
  done <"/proc/$1/status"; } 2>/dev/null
  role=plain
  case "$ours" in *" $1 "*) role=session ;; esac
  if [ "$kernel" != 0 ]; then role=kernel; fi
  user=$(getent passwd "$uid" 2>/dev/null | cut -d: -f1)
  text=$({ tr '\\0\\n\\r' '   ' <"/proc/$1/cmdline" | head -c 4096; } 2>/dev/null)
  if [ -z "$text" ]; then text=$(printf '[%s]' "$comm" | tr '\\n\\r' '  '); fi
  printf '%s\\n' "$1 $start ${uid:-?} ${user:-${uid:-?}} $role $text"
  found=$((found + 1))
}
if [ "$how" = pid ]; then show "$wanted"; exit 0; fi
for folder in /proc/[0-9]*; do
  line=
  { read -r line <"$folder/stat"; } 2>/dev/null
  case "$line" in *"($wanted)"*) show "${folder#/proc/}" ;; esac
  [ "$found" -lt 200 ] || break
done
"""
)
"""``$1`` is "pid" or "name", ``$2`` which (a name as the kernel keeps it: 15 bytes at most).

Prints a line "boot time, clock ticks a second", then for each process a line "pid, start time,
uid, user, role, command line"; the role is "session" for what this ssh session stands on.
"""

SIGNAL = Shell(
    _LOOK
    + """\
signal=$1 rounds=$(($2 * 5)) left=
shift 2
for each do
  case "$ours" in *" ${each%:*} "*) echo "refused $each"; continue ;; esac
  if alive "$each" && kill -s "$signal" "${each%:*}"; then left="$left $each"; fi
done
while :; do
  still=
  for each in $left; do if alive "$each"; then still="$still $each"; fi; done
  left=$still
  [ -n "$left" ] && [ "$rounds" -gt 0 ] || break
  rounds=$((rounds - 1))
  sleep 0.2
done
"""
)
"""``$1`` is a signal, ``$2`` how many seconds to wait, the rest "pid:start time" each.

Ends once all are gone or the time is over; prints "refused pid:start" for what it did not touch.
"""

ALIVE = Shell(_LOOK + 'for each do if alive "$each"; then echo "$each"; fi; done\n')
"""Prints which of "pid:start time" still live."""
