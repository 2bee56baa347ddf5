"""The programs that run inside a demo server's world; the standard library is all they have."""
