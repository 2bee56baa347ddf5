"""Demo servers: real SSH, real commands, real processes, each in a world of its own."""
