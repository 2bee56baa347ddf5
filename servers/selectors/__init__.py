"""Reads of servers, each limited to what a user may see."""
