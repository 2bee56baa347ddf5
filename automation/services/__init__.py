"""Writes of automation: what the edges ask for, checked, audited, queued after commit."""
