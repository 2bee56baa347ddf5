# Says once per connection what the login is and what the server can do: "uid timeout setsid".
# It also takes away the first command's slow start on a fresh connection.
opsm_timeout=no
timeout -k 1 1 true >/dev/null 2>&1 && opsm_timeout=yes
opsm_setsid=no
command -v setsid >/dev/null 2>&1 && opsm_setsid=yes
printf '%s %s %s\n' "$(id -u)" "$opsm_timeout" "$opsm_setsid"
