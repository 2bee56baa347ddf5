"""Tokens and who am I, as JSON."""
