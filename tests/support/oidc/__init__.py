"""A real OpenID Connect provider in a process of its own."""
