"""PostgreSQL for tests, which may empty what refuses to be emptied."""
