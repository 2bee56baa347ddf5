"""PostgreSQL, Redis and demo servers from Python wheels, and the supervisor behind `make run`."""
