"""SSH without Django: sessions, their pool, pinned host keys and remote process groups."""
