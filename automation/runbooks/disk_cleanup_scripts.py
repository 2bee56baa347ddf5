"""The shell that finds, truncates and restores files without following a link.

A file's name never leaves the server to come back as part of a command: each script selects and
acts in one go. Whoever may write to a folder can exchange a file for a link while a script runs;
so a folder is entered by ``-execdir``, and a file is opened with ``nofollow``.
"""

from automation.engine import Shell

COPY = ".opsmanager-"
"""What the names of all copies hold after the file's own."""

_ENTER = """\
export LC_ALL=C
cd -P -- "$1" || exit 3
[ "$(pwd -P)" = "$1" ] || { echo "$1 is not what it was a moment ago" >&2; exit 3; }
shift
find . -maxdepth 0 -printf "" || exit 3
"""

FIND = Shell(
    _ENTER
    + """\
find . "$@" -printf "%b\\n" | awk '{ n += 1; b += $1 } END { printf "%d %.0f\\n", n, b * 512 }'
find . "$@" -printf "%b %P\\0" | sort -z -rn | sed -z 100q
"""
)
"""``$1`` is the folder (where it really is), the rest find's tests.

Prints a line "files bytes", then of the 100 largest "blocks path", each ended by NUL.
"""

_SUM_UP = """\
awk '$1 == "end" { code = $2; next }
{ freed += $1; done += $2; failed += $3 }
END { printf "%.0f %d %d %d\\n", freed * 512, done, failed, code }'
"""

TRUNCATE = Shell(
    _ENTER
    + """\
{ find . "$@" -execdir sh -c '
for name do
  before=$(stat -c %b -- "$name" 2>/dev/null) || continue
  if dd if=/dev/null of="$name" oflag=nofollow,nonblock conv=nocreat status=none
  then echo "$((before - $(stat -c %b -- "$name" || echo 0))) 1 0"
  elif [ -e "$name" ]; then echo 0 0 1
  fi
done
:' sh {} +; echo "end $?"; } | """
    + _SUM_UP
)
"""As :data:`FIND`; prints a line "bytes freed, files truncated, files failed, find's exit code"."""

COPY_AND_TRUNCATE = Shell(
    _ENTER
    + """\
suffix=$1
shift
{ find . "$@" -execdir sh -c '
suffix=$1
shift
umask 077
set -C
for name do
  copy=$name$suffix
  before=$(stat -c %b -- "$name" 2>/dev/null) || continue
  bad=$({ { dd if="$name" iflag=nofollow,nonblock bs=64k status=none || echo 1 >&3; } |
    gzip -c >"$copy" || echo 1 >&3; } 3>&1)
  if [ -z "$bad" ] &&
    chown --reference="$name" -- "$copy" && chmod --reference="$name" -- "$copy" &&
    dd if=/dev/null of="$name" oflag=nofollow,nonblock conv=nocreat status=none
  then echo "$((before - $(stat -c %b -- "$name" || echo 0) - $(stat -c %b -- "$copy"))) 1 0"
  else
    rm -f -- "$copy"
    if [ -e "$name" ]; then echo 0 0 1; fi
  fi
done
:' sh "$suffix" {} +; echo "end $?"; } | """
    + _SUM_UP
)
"""As :data:`TRUNCATE`, with the suffix of the copies as ``$2``. What can't be copied stays."""

RESTORE = Shell(
    _ENTER
    + """\
suffix=$1
{ find . -xdev -type f -name "*$suffix" -execdir sh -c '
suffix=$1
shift
umask 077
set -C
unpacked() { dd if="$copy" iflag=nofollow bs=64k status=none | gzip -dc; }
put_back() {
  unpacked >/dev/null || return 1
  if [ -e "$name" ] || [ -L "$name" ]; then
    dd if="$name" iflag=nofollow,nonblock bs=64k status=none >"$later" || return 1
    { unpacked; cat -- "$later"; } |
      dd of="$name" oflag=nofollow,nonblock conv=nocreat,notrunc bs=64k status=none || return 1
    rm -f -- "$later"
  else
    unpacked >"$name" || return 1
    chown --reference="$copy" -- "$name" && chmod --reference="$copy" -- "$name" || return 1
  fi
  rm -f -- "$copy"
}
for copy do
  name=${copy%"$suffix"}
  later=$copy.later
  if put_back; then echo 0 1 0; else echo "not restored: $copy" >&2; echo 0 0 1; fi
done
:' sh "$suffix" {} +; echo "end $?"; } | """
    + _SUM_UP
)
"""``$1`` is the folder, ``$2`` the copies' suffix.

What a program has written since it was truncated stays, after what is put back; the file is the
same one, so that a program that has it open goes on writing to it. A copy is removed once its
file is whole; prints what :data:`TRUNCATE` prints.
"""
