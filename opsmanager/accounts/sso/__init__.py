"""Logins by an OpenID Connect provider, which says who somebody is and in which groups."""
