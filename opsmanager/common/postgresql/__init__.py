"""Django's PostgreSQL, with a pool of connections that gets over a restart of its database."""
