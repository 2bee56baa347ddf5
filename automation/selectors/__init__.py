"""Reads of automation, each limited to what a user may see."""
