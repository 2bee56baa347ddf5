"""Runbooks whose every command is written down by the server itself, begin and end."""
