"""Writes of servers: checked, audited, in one transaction each."""
