# Prints what the record of one action keeps of its output, each stream on its own.
#
#   $1  UUID of the action

cat "$HOME/.opsm/$1/stdout.log" 2>/dev/null
cat "$HOME/.opsm/$1/stderr.log" >&2 2>/dev/null
# A command that could keep no output had none to keep.
exit 0
