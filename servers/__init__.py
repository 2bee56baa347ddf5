"""Servers, groups, credentials and host keys: the machines that runbooks run on."""
