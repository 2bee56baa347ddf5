# Says what the server has of which people name one: units, file systems, programs. It only reads.
# Each part is closed by a line with its exit status.
part() {
    "$@" 2>/dev/null
    echo "== $?"
}
part systemctl list-units --all --plain --no-legend --no-pager
part systemctl list-unit-files --no-legend --no-pager
part df -P -T -l
part ps -e -o pid= -o ppid= -o pcpu= -o comm=
