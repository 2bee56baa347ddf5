"""The shell that writes, checks, prunes and restores archives.

Paths are archived relative to ``/`` as ``./...``, so that one with a leading dash is no option.
"""

from automation.engine import Shell

_ENTER = """\
export LC_ALL=C
umask 077
cd -P -- "$1" || exit 3
name=$2
"""

LOOK = Shell(
    """\
export LC_ALL=C
place=$1
shift
while [ ! -e "$place" ]; do place=$(dirname -- "$place"); done
stat -f -c "%S %b %f %a" -- "$place" || exit 3
readlink -f -- "$place"
for path do
  if [ -L "$path" ]; then echo "link $(readlink -f -- "$path")"
  elif [ -e "$path" ]; then echo "there $(readlink -f -- "$path")"
  else echo "missing $path"; fi
done
"""
)
"""``$1`` is the destination, the rest the paths.

Prints the space where the destination is or will be, where that leads, and for each path what it
is: "there", "link" or "missing", and where it leads.
"""

MEASURE = Shell(
    """\
export LC_ALL=C
find "$@" -xdev -printf "%y %s\\n" | awk '{ total += 512 }
$1 == "f" { total += int(($2 + 511) / 512) * 512 }
END { printf "%.0f\\n", total }'
"""
)
"""Takes the paths; prints how many bytes they take in an archive that is not compressed."""

ARCHIVES = Shell(
    """\
export LC_ALL=C
cd -P -- "$1" 2>/dev/null || exit 0
for each in "$2"*.tar "$2"*.tar.gz; do
  if [ -f "$each" ] && [ ! -L "$each" ]; then echo "$each"; fi
done | sort
"""
)
"""``$1`` is the destination, ``$2`` how the archives' names begin; prints them, oldest first."""

WRITE = Shell(
    """\
mkdir -p -m 700 -- "$1" || exit 3
"""
    + _ENTER
    + """\
shift 2
partial=.$name.partial
trap 'rm -f -- "$partial"' EXIT
trap 'exit 143' HUP INT TERM
how=--create
case "$name" in *.gz) how=--gzip ;; esac
tar "$how" --create --file="$partial" --one-file-system --numeric-owner -C / "$@"
code=$?
if [ "$code" -gt 1 ]; then exit "$code"; fi
sum=$(sha256sum <"$partial") || exit 4
sum=${sum%% *}
printf '%s  %s\\n' "$sum" "$name" >"$name.sha256" && mv -T -- "$partial" "$name" || exit 4
sync "$name" 2>/dev/null || sync
echo "$code $(stat -c %s -- "$name") $sum"
"""
)
"""``$1`` is the destination, ``$2`` the archive's name, the rest the paths as ``./...``.

Prints "tar's exit code (1: a file changed while it was read), bytes, SHA-256".
"""

CHECK = Shell(
    _ENTER
    + """\
sum=$(sha256sum <"$name") || exit 4
echo "${sum%% *} $(tar --list --file="$name" | wc -l)"
tar --list --file="$name" >/dev/null
"""
)
"""``$1`` is the destination, ``$2`` the archive; reads it to its end.

Prints "SHA-256, how many entries"; ends with another code than 0 when tar can't read it.
"""

PRUNE = Shell(
    """\
export LC_ALL=C
cd -P -- "$1" || exit 3
begin=$2 keep=$3 count=0
listed() {
  for each in "$begin"*; do
    case "$each" in
      *.tar | *.tar.gz) if [ -f "$each" ] && [ ! -L "$each" ]; then "$1" || return 0; fi ;;
    esac
  done
}
counted() { count=$((count + 1)); }
removed() {
  [ "$count" -gt "$keep" ] || return 1
  count=$((count - 1))
  rm -f -- "$each" "$each.sha256" && echo "$each"
}
listed counted
listed removed
"""
)
"""``$1`` is the destination, ``$2`` how the names begin, ``$3`` how many stay; prints the rest."""

RESTORE = Shell(
    _ENTER
    + """\
sum=$(sha256sum <"$name") || exit 4
if [ "${sum%% *}" != "$3" ]; then
  echo "$name is not what was written: its checksum differs" >&2
  exit 5
fi
shift 3
tar --extract --file="$name" --numeric-owner --same-owner --preserve-permissions -C / "$@"
"""
)
"""``$1`` is the destination, ``$2`` the archive, ``$3`` its SHA-256, the rest what it holds.

Puts its files back: those that it was made of, and no others.
"""
