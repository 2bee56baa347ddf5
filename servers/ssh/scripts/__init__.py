"""The shell scripts that run on servers; POSIX sh, as little else as possible."""
